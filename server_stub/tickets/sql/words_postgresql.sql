-- The word index of tickets on PostgreSQL. A blank line ends a statement.

CREATE TABLE tickets_words (ticket_id bigint PRIMARY KEY, words tsvector NOT NULL)

-- Words are cut as words_of cuts them: the parser of to_tsvector takes /volume9 for a path and
-- FRONTDESK-03 for a compound. chr(57344) begins every mark and is no part of any word.
CREATE FUNCTION tickets_words_of(
    title text, device text, client text, status text, priority text, client_id bigint)
RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_to_tsvector(array_remove(string_to_array(
        translate(
            regexp_replace(
                regexp_replace(
                    lower(normalize(concat_ws(' ', title, device, client), NFKD)),
                    '[\u0300-\u036f]', '', 'g'),
                '[^[:alnum:]]+', ' ', 'g'),
            chr(57344), ' ')
        || ' ' || chr(57344) || 'status' || status
        || ' ' || chr(57344) || 'priority' || priority
        || ' ' || chr(57344) || 'client' || client_id::text,
        ' '), ''))
$$

INSERT INTO tickets_words (ticket_id, words)
SELECT t.id, tickets_words_of(t.title, d.name, c.name, t.status, t.priority, t.client_id)
FROM tickets_ticket t
JOIN clients_client c ON c.id = t.client_id
LEFT JOIN clients_device d ON d.id = t.device_id

CREATE INDEX tickets_words_index ON tickets_words USING gin (words)

CREATE FUNCTION tickets_words_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tickets_words (ticket_id, words)
    SELECT t.id, tickets_words_of(t.title, d.name, c.name, t.status, t.priority, t.client_id)
    FROM new_rows t
    JOIN clients_client c ON c.id = t.client_id
    LEFT JOIN clients_device d ON d.id = t.device_id;
    RETURN NULL;
END $$

CREATE TRIGGER tickets_words_new AFTER INSERT ON tickets_ticket
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tickets_words_new()

-- Row by row: PostgreSQL gives no columns to a trigger that is shown sets of rows.
CREATE FUNCTION tickets_words_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tickets_words SET words = tickets_words_of(
        new.title,
        (SELECT d.name FROM clients_device d WHERE d.id = new.device_id),
        (SELECT c.name FROM clients_client c WHERE c.id = new.client_id),
        new.status, new.priority, new.client_id)
    WHERE ticket_id = new.id;
    RETURN NULL;
END $$

CREATE TRIGGER tickets_words_changed AFTER UPDATE ON tickets_ticket FOR EACH ROW
WHEN (old.title <> new.title OR old.status <> new.status OR old.priority <> new.priority
    OR old.device_id IS DISTINCT FROM new.device_id OR old.client_id <> new.client_id)
EXECUTE FUNCTION tickets_words_changed()

CREATE FUNCTION tickets_words_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tickets_words WHERE ticket_id = old.id;
    RETURN NULL;
END $$

CREATE TRIGGER tickets_words_gone AFTER DELETE ON tickets_ticket
FOR EACH ROW EXECUTE FUNCTION tickets_words_gone()

CREATE FUNCTION tickets_words_of_device() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tickets_words w SET words = tickets_words_of(
        t.title, new.name, c.name, t.status, t.priority, t.client_id)
    FROM tickets_ticket t JOIN clients_client c ON c.id = t.client_id
    WHERE t.device_id = new.id AND w.ticket_id = t.id;
    RETURN NULL;
END $$

CREATE TRIGGER tickets_words_of_device AFTER UPDATE OF name ON clients_device
FOR EACH ROW WHEN (old.name <> new.name) EXECUTE FUNCTION tickets_words_of_device()

CREATE FUNCTION tickets_words_of_client() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tickets_words w SET words = tickets_words_of(
        t.title, d.name, new.name, t.status, t.priority, t.client_id)
    FROM tickets_ticket t LEFT JOIN clients_device d ON d.id = t.device_id
    WHERE t.client_id = new.id AND w.ticket_id = t.id;
    RETURN NULL;
END $$

CREATE TRIGGER tickets_words_of_client AFTER UPDATE OF name ON clients_client
FOR EACH ROW WHEN (old.name <> new.name) EXECUTE FUNCTION tickets_words_of_client()
