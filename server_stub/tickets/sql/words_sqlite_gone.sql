DROP TRIGGER IF EXISTS tickets_words_new

DROP TRIGGER IF EXISTS tickets_words_changed

DROP TRIGGER IF EXISTS tickets_words_gone

DROP TRIGGER IF EXISTS tickets_words_of_device

DROP TRIGGER IF EXISTS tickets_words_of_client

DROP TABLE IF EXISTS tickets_words
