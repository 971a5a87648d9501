<?php

// SPDX-License-Identifier: BSD-2-Clause

namespace LibreNMS\Snmptrap\Handlers;

use App\Models\Device;
use LibreNMS\Enum\Severity;
use LibreNMS\Interfaces\SnmptrapHandler;
use LibreNMS\Snmptrap\Trap;

/** TCP-STATE-COUNT-MIB::tcpThresholdRaised and tcpThresholdCleared */
class TcpThreshold implements SnmptrapHandler
{
    /**
     * Handle snmptrap.
     * Data is pre-parsed and delivered as a Trap.
     *
     * @param  Device  $device
     * @param  Trap  $trap
     * @return void
     */
    public function handle(Device $device, Trap $trap)
    {
        $of = fn (string $object) => $trap->getOidData($trap->findOid("TCP-STATE-COUNT-MIB::tcpThreshold$object"));
        $raised = str_ends_with((string) $trap->getTrapOid(), 'Raised');
        $value = preg_replace('/\D.*/', '', (string) $of('Value')); // without its unit
        $top = trim((string) $of('Top'), ' "');

        $trap->log(
            sprintf('TCP threshold %s %s since %s: %s is %s, range %s%s', $of('Label'), $raised ? 'raised' : 'cleared',
                $of('SinceDate'), $of('Metric'), $value, $of('Range'), $top === '' ? '' : "; top: $top"),
            $raised ? Severity::Warning : Severity::Ok
        );
    }
}
