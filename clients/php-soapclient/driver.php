<?php
// PHP's SoapClient on the WSDL the service hands out; either dialect.

declare(strict_types=1);

const USER = 'alice@acme.com';
const PASSWORD = 'orgbox1!';
const SOBJECT = 'CollaborationInvitation';
const FIELDS = 'Id, InvitedUserEmail, Status';

/** The actual value as text; throws unless it is the expected one. */
function same(mixed $expected, mixed $actual): string
{
    if ($expected !== $actual) {
        throw new Exception('expected ' . json_encode($expected) . ', got ' . json_encode($actual));
    }
    return is_string($actual) ? $actual : json_encode($actual);
}

final class Driver
{
    private const OPTIONS = ['features' => SOAP_SINGLE_ELEMENT_ARRAYS];

    private readonly SoapClient $client;
    private readonly array $colleagues;
    private readonly string $run;
    private SoapHeader $session;
    private string $me;
    private object $batch;

    public function __construct(string $url, private readonly string $dialect)
    {
        $path = $url . '/services/Soap/' . ($dialect === 'enterprise' ? 'c' : 'u') . '/66.0';
        $this->client = new SoapClient("$path?wsdl", self::OPTIONS + ['location' => $path]);
        $this->run = 'run' . bin2hex(random_bytes(6));
        $this->colleagues = array_map(fn ($n) => sprintf('%s.%03d@acme.com', $this->run, $n), range(0, 199));
    }

    public function login(): string
    {
        $result = $this->client->login(['username' => USER, 'password' => PASSWORD])->result;
        $this->client->__setLocation($result->serverUrl);
        $this->session = $this->header('SessionHeader', ['sessionId' => $result->sessionId]);
        $this->client->__setSoapHeaders($this->session);
        $this->me = $result->userId;
        return same(USER, $result->userInfo->userName);
    }

    private function header(string $name, array $values): SoapHeader
    {
        return new SoapHeader("urn:{$this->dialect}.soap.sforce.com", $name, $values);
    }

    private function invitation(string $address): SoapVar|array
    {
        $values = ['SharedEntityId' => $this->me, 'InvitedUserEmail' => $address];
        if ($this->dialect === 'enterprise') {
            return new SoapVar($values, SOAP_ENC_OBJECT, SOBJECT, 'urn:sobject.enterprise.soap.sforce.com');
        }
        $any = '';
        foreach ($values as $name => $value) {
            $any .= "<$name xmlns=\"urn:sobject.partner.soap.sforce.com\">$value</$name>";
        }
        return ['type' => SOBJECT, 'Id' => null, 'any' => $any];
    }

    private function create(string ...$addresses): array
    {
        return $this->client->create(['sObjects' => array_map($this->invitation(...), $addresses)])->result;
    }

    /** A field of a record; the partner dialect's come as XML. */
    private function value(object $record, string $field): string
    {
        if ($this->dialect === 'enterprise') {
            return $record->$field;
        }
        preg_match("~<sf:$field>([^<]*)</sf:$field>~", implode('', (array) $record->any), $found);
        return $found[1];
    }

    private function id(object $record): string
    {
        return is_array($record->Id) ? $record->Id[0] : $record->Id;
    }

    public function invite(): string
    {
        $saved = $this->create(...$this->colleagues);
        return same(200, count(array_filter($saved, fn ($result) => $result->success))) . ' colleagues';
    }

    public function refused(): string
    {
        [$refused, $saved] = $this->create("$this->run@external.com", "$this->run.200@acme.com");
        same([false, true], [$refused->success, $saved->success]);
        same(['InvitedUserEmail'], $refused->errors[0]->fields);
        return same('FIELD_INTEGRITY_EXCEPTION', $refused->errors[0]->statusCode);
    }

    private function addresses(array $records): array
    {
        return array_map(fn ($record) => $this->value($record, 'InvitedUserEmail'), $records);
    }

    public function query(): string
    {
        $this->client->__setSoapHeaders([$this->session, $this->header('QueryOptions', ['batchSize' => 200])]);
        $soql = 'SELECT ' . FIELDS . ' FROM ' . SOBJECT
            . " WHERE InvitedUserEmail LIKE '$this->run%' ORDER BY InvitedUserEmail";
        $this->batch = $this->client->query(['queryString' => $soql])->result;
        same([false, 201], [$this->batch->done, $this->batch->size]);
        same($this->colleagues, $this->addresses($this->batch->records));
        return "200 of {$this->batch->size}";
    }

    public function queryMore(): string
    {
        $rest = $this->client->queryMore(['queryLocator' => $this->batch->queryLocator])->result;
        $this->client->__setSoapHeaders($this->session);
        same(true, $rest->done);
        return same(["$this->run.200@acme.com"], $this->addresses($rest->records));
    }

    public function retrieve(): string
    {
        $asked = ['fieldList' => FIELDS, 'sObjectType' => SOBJECT, 'ids' => [$this->id($this->batch->records[0])]];
        [$record] = $this->client->retrieve($asked)->result;
        same($this->colleagues[0], $this->value($record, 'InvitedUserEmail'));
        return same('Sent', $this->value($record, 'Status'));
    }

    public function describe(): string
    {
        $described = $this->client->describeSObject(['sObjectType' => SOBJECT])->result;
        same([true, false], [$described->createable, $described->updateable]);
        return same('0H1', $described->keyPrefix);
    }

    public function delete(): string
    {
        $id = $this->id($this->batch->records[0]);
        [$deleted] = $this->client->delete(['ids' => [$id]])->result;
        same(true, $deleted->success);
        return same($id, $deleted->id);
    }

    public function logout(): string
    {
        $this->client->logout([]);
        return 'signed out';
    }

    public function expired(): string
    {
        try {
            $this->client->getUserInfo([]);
        } catch (SoapFault $fault) {
            same('INVALID_SESSION_ID', $fault->detail->UnexpectedErrorFault->enc_value->exceptionCode);
            return same('sf:INVALID_SESSION_ID', $fault->faultcode) . ' as SoapFault';
        }
        throw new Exception('the session still works');
    }
}

$steps = ['login', 'invite', 'refused', 'query', 'queryMore', 'retrieve', 'describe', 'delete', 'logout', 'expired'];
echo "client $argv[2] SoapClient of PHP ", PHP_MAJOR_VERSION, '.', PHP_MINOR_VERSION, "\n";
$driver = new Driver($argv[1], $argv[2]);
$held = true;
foreach ($steps as $step) {
    try {
        echo "ok $step " . $driver->$step() . "\n";
    } catch (Throwable $error) {
        $held = false;
        echo "FAIL $step ", strtr($error->getMessage(), "\n", ' '), "\n";
    }
}
exit($held ? 0 : 1);
