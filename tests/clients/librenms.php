<?php

// SPDX-License-Identifier: BSD-2-Clause
//
// Stands in for as much of LibreNMS as its trap handler touches.
//
//     php librenms.php DIRECTORY          runs TcpThresholdTest of DIRECTORY
//     php librenms.php DIRECTORY <TRAP    if TRAP is not empty: handles it, and prints what is logged

namespace App\Models {
    class Device
    {
    }
}

namespace LibreNMS\Enum {
    enum Severity
    {
        case Ok;
        case Warning;
    }
}

namespace LibreNMS\Interfaces {
    interface SnmptrapHandler
    {
        public function handle(\App\Models\Device $device, \LibreNMS\Snmptrap\Trap $trap);
    }
}

namespace LibreNMS\Snmptrap {
    class Trap
    {
        public array $logged = [];
        private array $objects = [];

        public function __construct(string $text)
        {
            foreach (array_slice(explode("\n", trim($text)), 2) as $line) {
                // Like LibreNMS, whose handler of PHP's warnings throws: the trap is lost.
                if (! str_contains($line, ' ')) {
                    throw new \ErrorException('Undefined array key 1');
                }
                [$oid, $value] = explode(' ', $line, 2);
                $this->objects[$oid] = trim($value, '"');
            }
        }

        public function findOid(string $part): string
        {
            foreach (array_keys($this->objects) as $oid) {
                if (str_contains($oid, $part)) {
                    return $oid;
                }
            }

            return '';
        }

        public function getOidData(string $oid): ?string
        {
            return $this->objects[$oid] ?? null;
        }

        public function getTrapOid(): ?string
        {
            return $this->getOidData('SNMPv2-MIB::snmpTrapOID.0');
        }

        public function log(string $message, \LibreNMS\Enum\Severity $severity): void
        {
            $this->logged[] = [$message, $severity];
        }
    }
}

namespace LibreNMS\Tests\Feature\SnmpTraps {
    abstract class SnmpTrapTestCase
    {
        protected function assertTrapLogsMessage(string $trap, string $log, string $failure, array $args): void
        {
            $logged = \handled(strtr($trap, ['{{ hostname }}' => 'web', '{{ ip }}' => '192.0.2.1']));
            if ($logged !== [[$log, ...$args]]) {
                throw new \Exception($failure . ': ' . print_r($logged, true));
            }
        }
    }
}

namespace {
    function handled(string $text): array
    {
        $trap = new LibreNMS\Snmptrap\Trap($text);
        (new LibreNMS\Snmptrap\Handlers\TcpThreshold)->handle(new App\Models\Device, $trap);

        return $trap->logged;
    }

    require "$argv[1]/TcpThreshold.php";
    require "$argv[1]/TcpThresholdTest.php";

    $given = stream_get_contents(STDIN);
    if ($given !== '') {
        foreach (handled($given) as [$message, $severity]) {
            echo "$severity->name: $message\n";
        }
        exit;
    }
    foreach (get_class_methods('LibreNMS\Tests\Feature\SnmpTraps\TcpThresholdTest') as $method) {
        if (str_starts_with($method, 'test')) {
            (new LibreNMS\Tests\Feature\SnmpTraps\TcpThresholdTest)->$method();
            echo "$method passed\n";
        }
    }
}
