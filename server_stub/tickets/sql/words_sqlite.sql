-- The word index of tickets on SQLite. A blank line ends a statement.
-- char(57344) begins every mark; texts are taken in without it, so that none can make a mark.

-- No positions: they would let phrases be searched for and cost half as much again.
CREATE VIRTUAL TABLE tickets_words USING fts5(
    words, content='', contentless_delete=1, detail=none, tokenize='unicode61 remove_diacritics 2')

INSERT INTO tickets_words (rowid, words)
SELECT t.id, replace(t.title || ' ' || coalesce(d.name, '') || ' ' || c.name, char(57344), ' ')
    || ' ' || char(57344) || 'status' || t.status
    || ' ' || char(57344) || 'priority' || t.priority
    || ' ' || char(57344) || 'client' || t.client_id
FROM tickets_ticket t
JOIN clients_client c ON c.id = t.client_id
LEFT JOIN clients_device d ON d.id = t.device_id

CREATE TRIGGER tickets_words_new AFTER INSERT ON tickets_ticket
BEGIN
    INSERT INTO tickets_words (rowid, words) VALUES (new.id, replace(new.title
        || ' ' || coalesce((SELECT name FROM clients_device WHERE id = new.device_id), '')
        || ' ' || coalesce((SELECT name FROM clients_client WHERE id = new.client_id), ''),
        char(57344), ' ')
        || ' ' || char(57344) || 'status' || new.status
        || ' ' || char(57344) || 'priority' || new.priority
        || ' ' || char(57344) || 'client' || new.client_id);
END

CREATE TRIGGER tickets_words_changed
AFTER UPDATE OF title, status, priority, device_id, client_id ON tickets_ticket
WHEN old.title <> new.title OR old.status <> new.status OR old.priority <> new.priority
    OR old.device_id IS NOT new.device_id OR old.client_id <> new.client_id
BEGIN
    INSERT OR REPLACE INTO tickets_words (rowid, words) VALUES (new.id, replace(new.title
        || ' ' || coalesce((SELECT name FROM clients_device WHERE id = new.device_id), '')
        || ' ' || coalesce((SELECT name FROM clients_client WHERE id = new.client_id), ''),
        char(57344), ' ')
        || ' ' || char(57344) || 'status' || new.status
        || ' ' || char(57344) || 'priority' || new.priority
        || ' ' || char(57344) || 'client' || new.client_id);
END

CREATE TRIGGER tickets_words_gone AFTER DELETE ON tickets_ticket
BEGIN
    DELETE FROM tickets_words WHERE rowid = old.id;
END

CREATE TRIGGER tickets_words_of_device AFTER UPDATE OF name ON clients_device
WHEN old.name <> new.name
BEGIN
    INSERT OR REPLACE INTO tickets_words (rowid, words)
    SELECT t.id, replace(t.title || ' ' || new.name || ' ' || c.name, char(57344), ' ')
        || ' ' || char(57344) || 'status' || t.status
        || ' ' || char(57344) || 'priority' || t.priority
        || ' ' || char(57344) || 'client' || t.client_id
    FROM tickets_ticket t JOIN clients_client c ON c.id = t.client_id
    WHERE t.device_id = new.id;
END

CREATE TRIGGER tickets_words_of_client AFTER UPDATE OF name ON clients_client
WHEN old.name <> new.name
BEGIN
    INSERT OR REPLACE INTO tickets_words (rowid, words)
    SELECT t.id, replace(t.title || ' ' || coalesce(d.name, '') || ' ' || new.name, char(57344), ' ')
        || ' ' || char(57344) || 'status' || t.status
        || ' ' || char(57344) || 'priority' || t.priority
        || ' ' || char(57344) || 'client' || t.client_id
    FROM tickets_ticket t LEFT JOIN clients_device d ON d.id = t.device_id
    WHERE t.client_id = new.id;
END
