-- A store's file as the first layout was, with a pending and a completed task in it, dumped from one that the service
-- wrote. It never changes: files like this one are still in use.
BEGIN TRANSACTION;
CREATE TABLE contents (
        task_id     TEXT    NOT NULL UNIQUE REFERENCES tasks (id) ON DELETE CASCADE,
        submission  TEXT    NOT NULL,
        content     BLOB    NOT NULL
    );
INSERT INTO "contents" VALUES('00000000-0000-4000-8000-000000000001','11111111111111111111111111111111',X'68656C6C6F');
CREATE TABLE tasks (
        id          TEXT    PRIMARY KEY,
        version     BLOB    NOT NULL,
        owner       TEXT    NOT NULL,
        status      TEXT    NOT NULL,
        execution   TEXT    NOT NULL,
        created_at  INTEGER NOT NULL,
        due_at      INTEGER,
        expires_at  INTEGER,
        body        TEXT    NOT NULL,
        result      TEXT
    );
INSERT INTO "tasks" VALUES('00000000-0000-4000-8000-000000000001',X'7DD800D38237B46A44AC500A515E5FCF','anonymous','pending','cpu',1767268800000000,1767268800000000,NULL,'{"id":"00000000-0000-4000-8000-000000000001","kind":"document","owner":"anonymous","model_name":"extractive_v1","execution":"cpu","submission":"11111111111111111111111111111111","fingerprint":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","content_bytes":5,"status":"pending","max_attempts":3,"reference":null,"attempt":0,"cancel_requested":false,"revision":1,"created_at":1767268800000000,"available_at":1767268800000000,"deadline_at":1767355200000000,"started_at":null,"finished_at":null,"progress":null,"failure":null,"options":{},"time_to_live":604800000000,"lease":null}',NULL);
INSERT INTO "tasks" VALUES('00000000-0000-4000-8000-000000000002',X'E4F51BA3DF677A775412989EA397CED8','anonymous','completed','cpu',1767268800000000,NULL,1767873601000000,'{"id":"00000000-0000-4000-8000-000000000002","kind":"document","owner":"anonymous","model_name":"extractive_v1","execution":"cpu","submission":"22222222222222222222222222222222","fingerprint":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","content_bytes":5,"status":"completed","max_attempts":3,"reference":null,"attempt":1,"cancel_requested":false,"revision":1,"created_at":1767268800000000,"available_at":1767268800000000,"deadline_at":1767355200000000,"started_at":null,"finished_at":1767268801000000,"progress":null,"failure":null,"options":{},"time_to_live":604800000000,"lease":null}','{"summary":"Short."}');
CREATE INDEX tasks_by_due ON tasks (execution, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX tasks_by_owner ON tasks (owner, created_at, id);
CREATE INDEX tasks_by_owner_and_status ON tasks (owner, status, created_at, id);
CREATE INDEX tasks_by_expiry ON tasks (expires_at) WHERE expires_at IS NOT NULL;
COMMIT;
PRAGMA user_version = 1;
