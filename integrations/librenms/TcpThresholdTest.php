<?php

// SPDX-License-Identifier: BSD-2-Clause

namespace LibreNMS\Tests\Feature\SnmpTraps;

use LibreNMS\Enum\Severity;

class TcpThresholdTest extends SnmpTrapTestCase
{
    public function testRaised(): void
    {
        $this->assertTrapLogsMessage($this->trap('Raised', 5),
            'TCP threshold leak raised: state ipv4 closeWait is 5, range 2',
            'Could not handle tcpThresholdRaised', [Severity::Warning]);
    }

    public function testCleared(): void
    {
        $this->assertTrapLogsMessage($this->trap('Cleared', 0),
            'TCP threshold leak cleared: state ipv4 closeWait is 0, range 2',
            'Could not handle tcpThresholdCleared', [Severity::Ok]);
    }

    private function trap(string $kind, int $value): string
    {
        return <<<TRAP
{{ hostname }}
UDP: [{{ ip }}]:57602->[192.168.5.5]:162
DISMAN-EVENT-MIB::sysUpTimeInstance 0:0:14:33.41
SNMPv2-MIB::snmpTrapOID.0 TCP-STATE-COUNT-MIB::tcpThreshold$kind
TCP-STATE-COUNT-MIB::tcpThresholdLabel.'leak' leak
TCP-STATE-COUNT-MIB::tcpThresholdMetric.'leak' state ipv4 closeWait
TCP-STATE-COUNT-MIB::tcpThresholdValue.'leak' $value sockets
TCP-STATE-COUNT-MIB::tcpThresholdRange.'leak' 2
TCP-STATE-COUNT-MIB::tcpThresholdSince.'leak' 0:0:14:33.40
TRAP;
    }
}
