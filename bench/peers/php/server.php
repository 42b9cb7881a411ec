<?php
// A peer: PHP's SoapServer with PDO, behind PHP's own server. BENCH_DATABASE and BENCH_CONTRACT in the
// environment. `php -S 127.0.0.1:PORT server.php`

const FIELDS = ['Id', 'CreatedDate', 'InvitedUserEmail', 'InviterId', 'OptionalMessage',
    'SharedEntityId', 'Status'];
const ENS = 'urn:sobject.enterprise.soap.sforce.com';

class Calls
{
    private PDO $db;
    private string $user = '';

    public function __construct()
    {
        $this->db = new PDO('sqlite:' . getenv('BENCH_DATABASE'), null, null, [
            PDO::ATTR_PERSISTENT => true,
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
        ]);
        $this->db->exec('PRAGMA synchronous = FULL');
    }

    private function run(string $sql, array $values): PDOStatement
    {
        $statement = $this->db->prepare($sql);
        $statement->execute($values);
        return $statement;
    }

    public function SessionHeader($header): void
    {
        $row = $this->run('SELECT user_id FROM sessions WHERE id = ?', [$header->sessionId])->fetch();
        $this->user = $row ? $row['user_id'] : '';
    }

    private function signedIn(): string
    {
        if ($this->user === '') {
            throw new SoapFault('INVALID_SESSION_ID', 'Invalid Session ID found in SessionHeader');
        }
        return $this->user;
    }

    public function login($asked): array
    {
        $found = $this->run('SELECT id FROM users WHERE username = ? AND password = ?',
            [$asked->username, $asked->password])->fetch();
        if (!$found) {
            throw new SoapFault('INVALID_LOGIN', 'Invalid username, password, security token');
        }
        $session = '00D!' . bin2hex(random_bytes(48));
        $this->run('INSERT INTO sessions VALUES (?, ?)', [$session, $found['id']]);
        return ['result' => ['metadataServerUrl' => '', 'passwordExpired' => false,
            'sandbox' => false, 'serverUrl' => '', 'sessionId' => $session,
            'userId' => $found['id']]];
    }

    public function create($asked): array
    {
        $user = $this->signedIn();
        $now = gmdate('Y-m-d\TH:i:s.000\Z');
        $records = is_array($asked->sObjects) ? $asked->sObjects : [$asked->sObjects];
        $insert = $this->db->prepare(
            "INSERT INTO invitation VALUES (?, NULL, ?, ?, ?, ?, 'Sent', ?, ?, ?, ?, ?, ?)");
        $results = [];
        $this->db->beginTransaction();
        foreach ($records as $o) {
            $id = '0H1' . substr(bin2hex(random_bytes(8)), 0, 15);
            $email = $o->InvitedUserEmail;
            $insert->execute([$id, $o->SharedEntityId, $user, $email, $email,
                $o->OptionalMessage ?? null, $now, $user, $now, $user, $now]);
            $results[] = ['id' => $id, 'success' => true];
        }
        $this->db->commit();
        return ['result' => $results];
    }

    public function query($asked): array
    {
        $this->signedIn();
        $select = 'SELECT ' . implode(', ', FIELDS) . ' FROM invitation';
        if (preg_match("/WHERE InvitedUserEmail = '([^']*)'/", $asked->queryString, $found)) {
            $rows = $this->run("$select WHERE InvitedUserEmail = ?", [$found[1]])->fetchAll();
        } else {
            preg_match('/LIMIT (\d+)/', $asked->queryString, $found);
            $rows = $this->run("$select LIMIT ?", [(int) ($found[1] ?? 2000)])->fetchAll();
        }
        return ['result' => ['done' => true, 'queryLocator' => null,
            'records' => array_map([$this, 'record'], $rows), 'size' => count($rows)]];
    }

    public function retrieve($asked): array
    {
        $this->signedIn();
        $select = 'SELECT ' . implode(', ', FIELDS) . ' FROM invitation';
        $wanted = is_array($asked->ids) ? $asked->ids : [$asked->ids];
        $rows = $this->run("$select WHERE Id IN (SELECT value FROM json_each(?))",
            [json_encode($wanted)])->fetchAll();
        $byId = array_column($rows, null, 'Id');
        return ['result' => array_map(fn ($id) => $this->record($byId[$id]), $wanted)];
    }

    public function describeSObjects($asked): array
    {
        $this->signedIn();
        $wanted = is_array($asked->sObjectType) ? $asked->sObjectType : [$asked->sObjectType];
        $described = $this->described();
        return ['result' => array_map(fn ($name) => $described[$name], $wanted)];
    }

    private function described(): array
    {
        $text = file_get_contents(getenv('BENCH_CONTRACT') . '/describe.json');
        return array_column(json_decode($text, true), null, 'name');
    }

    private function record(array $row): SoapVar
    {
        return new SoapVar($row, SOAP_ENC_OBJECT, 'CollaborationInvitation', ENS);
    }
}

$server = new SoapServer(getenv('BENCH_CONTRACT') . '/enterprise.wsdl',
    ['features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
$server->setObject(new Calls());
$server->handle();
