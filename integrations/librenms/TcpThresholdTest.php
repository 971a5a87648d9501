<?php

// SPDX-License-Identifier: BSD-2-Clause

namespace LibreNMS\Tests\Feature\SnmpTraps;

use LibreNMS\Enum\Severity;

final class TcpThresholdTest extends SnmpTrapTestCase
{
    public function testRaised(): void
    {
        $this->assertTrapLogsMessage($this->trap('Raised', 100, '0.0.0.0:443 100 %'),
            'TCP threshold full raised since 2026-7-5,14:34:56.7,+2:0: listen any is 100, range 80; top: 0.0.0.0:443 100 %',
            'Could not handle tcpThresholdRaised', [Severity::Warning]);
    }

    public function testCleared(): void
    {
        $this->assertTrapLogsMessage($this->trap('Cleared', 0, ''),
            'TCP threshold full cleared since 2026-7-5,14:34:56.7,+2:0: listen any is 0, range 80',
            'Could not handle tcpThresholdCleared', [Severity::Ok]);
    }

    private function trap(string $kind, int $value, string $top): string
    {
        return <<<TRAP
{{ hostname }}
UDP: [{{ ip }}]:57602->[192.168.5.5]:162
DISMAN-EVENT-MIB::sysUpTimeInstance 0:0:14:33.41
SNMPv2-MIB::snmpTrapOID.0 TCP-STATE-COUNT-MIB::tcpThreshold$kind
TCP-STATE-COUNT-MIB::tcpThresholdLabel."full" full
TCP-STATE-COUNT-MIB::tcpThresholdMetric."full" listen any
TCP-STATE-COUNT-MIB::tcpThresholdValue."full" $value
TCP-STATE-COUNT-MIB::tcpThresholdRange."full" 80
TCP-STATE-COUNT-MIB::tcpThresholdSince."full" 0:0:14:33.40
TCP-STATE-COUNT-MIB::tcpThresholdClearRange."full" 50
TCP-STATE-COUNT-MIB::tcpThresholdSinceDate."full" 2026-7-5,14:34:56.7,+2:0
TCP-STATE-COUNT-MIB::tcpThresholdTop."full" $top
end -
TRAP;
    }
}
