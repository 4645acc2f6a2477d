DROP FUNCTION IF EXISTS tickets_words_new CASCADE

DROP FUNCTION IF EXISTS tickets_words_changed CASCADE

DROP FUNCTION IF EXISTS tickets_words_gone CASCADE

DROP FUNCTION IF EXISTS tickets_words_of_device CASCADE

DROP FUNCTION IF EXISTS tickets_words_of_client CASCADE

DROP TABLE IF EXISTS tickets_words

DROP FUNCTION IF EXISTS tickets_words_of
