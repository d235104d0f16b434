-- The first schema. Every statement can be run again: a kill in the middle of a migration leaves
-- what was made so far, and the next run goes on. Identifiers are UUIDs (version 7), times are UTC.
-- Receipts, references and checkout ids compare byte by byte (nopad_bin): 'ABC' is not 'ABC '.

CREATE TABLE IF NOT EXISTS app (
  id             BINARY(16)   NOT NULL,
  name           VARCHAR(64)  NOT NULL,
  active         TINYINT(1)   NOT NULL DEFAULT 1,
  claim_requires ENUM('none','amount','phone') NOT NULL DEFAULT 'none',
  created_at     DATETIME(6)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY app_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The system app: payments made by hand belong to it until an app claims them.
INSERT IGNORE INTO app (id, name, created_at)
VALUES (UNHEX('00000000000070008000000000000001'), 'ADMIN_SHOP', UTC_TIMESTAMP(6));

-- A key is found by its SHA-256; the key itself is never stored.
CREATE TABLE IF NOT EXISTS api_key (
  id           BINARY(16)  NOT NULL,
  app_id       BINARY(16)  NOT NULL,
  key_hash     BINARY(32)  NOT NULL,
  hint         CHAR(8)     NOT NULL,
  created_at   DATETIME(6) NOT NULL,
  expires_at   DATETIME(6) NULL,
  revoked_at   DATETIME(6) NULL,
  last_used_at DATETIME(6) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY api_key_hash (key_hash),
  KEY api_key_app (app_id, created_at),
  CONSTRAINT api_key_app_fk FOREIGN KEY (app_id) REFERENCES app (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Receipts that an app asked for in vain: one row an app, written by misses only.
CREATE TABLE IF NOT EXISTS lookup_miss (
  app_id       BINARY(16)   NOT NULL,
  window_start DATETIME(6)  NOT NULL,
  misses       INT UNSIGNED NOT NULL,
  PRIMARY KEY (app_id),
  CONSTRAINT lookup_miss_app_fk FOREIGN KEY (app_id) REFERENCES app (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- One row a payment, whoever brings it. `account_reference` is what Daraja was given or the payer
-- typed; `open_reference` is the same, trimmed and upper-cased, while a push is unsettled: the
-- unique key keeps two open pushes of a short code apart. `version` grows with every change and is
-- the sequence of the event that tells of it. A pending push is looked at again at `next_check_at`;
-- that column and `checks` are no part of its story and change without a new version.
CREATE TABLE IF NOT EXISTS payment (
  id                   BINARY(16)    NOT NULL,
  app_id               BINARY(16)    NOT NULL,
  external_reference   VARCHAR(64)   NULL,
  phone_number         VARCHAR(100)  NULL,
  amount               DECIMAL(12,2) NOT NULL,
  mpesa_receipt_number VARCHAR(20)   NULL,
  checkout_request_id  VARCHAR(64)   NULL,
  payment_type         ENUM('STK','C2B') NOT NULL,
  status               ENUM('PENDING','SUCCESS','FAILED') NOT NULL,
  claimed              TINYINT(1)    NOT NULL DEFAULT 0,
  claimed_at           DATETIME(6)   NULL,
  raw_callback         MEDIUMBLOB    NULL,
  created_at           DATETIME(6)   NOT NULL,
  short_code           VARCHAR(10)   NULL,
  account_reference    VARCHAR(64)   NULL,
  open_reference       VARCHAR(12)   NULL,
  description          VARCHAR(255)  NULL,
  merchant_request_id  VARCHAR(64)   NULL,
  callback_token_hash  BINARY(32)    NULL,
  result_code          VARCHAR(32)   NULL,
  result_description   VARCHAR(255)  NULL,
  payer_name           VARCHAR(191)  NULL,
  paid_at              DATETIME(6)   NULL,
  held                 TINYINT(1)    NOT NULL DEFAULT 0,
  held_until           DATETIME(6)   NULL,
  reversed             TINYINT(1)    NOT NULL DEFAULT 0,
  conflict             TINYINT(1)    NOT NULL DEFAULT 0,
  merged_into          BINARY(16)    NULL,
  next_check_at        DATETIME(6)   NULL,
  checks               INT UNSIGNED  NOT NULL DEFAULT 0,
  unknown_at           DATETIME(6)   NULL,
  unsettled_since      DATETIME(6)   AS (IF(open_reference IS NULL, NULL, created_at)) STORED,
  version              INT UNSIGNED  NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY payment_receipt (mpesa_receipt_number),
  UNIQUE KEY payment_checkout (checkout_request_id),
  UNIQUE KEY payment_callback_token (callback_token_hash),
  UNIQUE KEY payment_open_reference (short_code, open_reference),
  KEY payment_app_reference (app_id, external_reference, id),
  KEY payment_app (app_id, id),
  KEY payment_app_status (app_id, status, id),
  KEY payment_unsettled (short_code, amount, open_reference),
  KEY payment_unsettled_since (unsettled_since),
  KEY payment_next_check (next_check_at),
  CONSTRAINT payment_app_fk FOREIGN KEY (app_id) REFERENCES app (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- One prompt a phone and short code at a time, over all apps: the row is open from the push's own
-- transaction until its end is known. Whoever takes it locks it first.
CREATE TABLE IF NOT EXISTS push_lock (
  short_code VARCHAR(10)   NOT NULL,
  phone      VARCHAR(15)   NOT NULL,
  payment_id BINARY(16)    NOT NULL,
  taken_at   DATETIME(6)   NOT NULL,
  is_open    TINYINT(1)    NOT NULL,
  PRIMARY KEY (short_code, phone),
  KEY push_lock_payment (payment_id),
  KEY push_lock_taken (taken_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The last push of each amount to a phone: Daraja refuses the same again within two minutes. Written
-- by whoever holds the phone's row of push_lock.
CREATE TABLE IF NOT EXISTS push_recent (
  short_code VARCHAR(10)   NOT NULL,
  phone      VARCHAR(15)   NOT NULL,
  amount     DECIMAL(12,2) NOT NULL,
  payment_id BINARY(16)    NOT NULL,
  taken_at   DATETIME(6)   NOT NULL,
  PRIMARY KEY (short_code, phone, amount),
  KEY push_recent_payment (payment_id),
  KEY push_recent_taken (taken_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- When the next call of a kind may go out to Daraja, over all workers and hosts.
CREATE TABLE IF NOT EXISTS daraja_pace (
  kind    VARCHAR(16) NOT NULL,
  next_at DATETIME(6) NOT NULL,
  PRIMARY KEY (kind)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

INSERT IGNORE INTO daraja_pace (kind, next_at) VALUES ('stk_query', UTC_TIMESTAMP(6));

-- Every callback body as it came. A row that failed or waits is tried again at next_try_at, which is
-- NULL for all others; `attempts` grows with every try that was committed.
CREATE TABLE IF NOT EXISTS callback_inbox (
  id          BINARY(16)   NOT NULL,
  kind        ENUM('stk','c2b') NOT NULL,
  state       ENUM('applied','repeated','unmatched','malformed','foreign','conflict','quarantined','failed',
                   'waiting') NOT NULL,
  received_at DATETIME(6)  NOT NULL,
  source      VARCHAR(45)  NOT NULL,
  request_id  VARCHAR(64)  NOT NULL,
  token_hash  BINARY(32)   NULL,
  payment_id  BINARY(16)   NULL,
  body        MEDIUMBLOB   NOT NULL,
  note        VARCHAR(255) NULL,
  attempts    INT UNSIGNED NOT NULL DEFAULT 1,
  next_try_at DATETIME(6)  NULL,
  checkout_request_id VARCHAR(64) NULL,
  PRIMARY KEY (id),
  KEY callback_inbox_state (state, id),
  KEY callback_inbox_source (state, source),
  KEY callback_inbox_due (next_try_at),
  KEY callback_inbox_checkout (checkout_request_id),
  KEY callback_inbox_payment (payment_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Append-only: the story of each payment.
CREATE TABLE IF NOT EXISTS payment_event (
  payment_id BINARY(16)   NOT NULL,
  sequence   INT UNSIGNED NOT NULL,
  at         DATETIME(6)  NOT NULL,
  event      VARCHAR(32)  NOT NULL,
  evidence   VARCHAR(32)  NOT NULL,
  app_id     BINARY(16)   NULL,
  inbox_id   BINARY(16)   NULL,
  request_id VARCHAR(64)  NOT NULL,
  detail     VARCHAR(1024) NULL,
  PRIMARY KEY (payment_id, sequence),
  CONSTRAINT payment_event_payment_fk FOREIGN KEY (payment_id) REFERENCES payment (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Money that may be the money of these pushes, and is held from every app until they settle.
CREATE TABLE IF NOT EXISTS payment_hold (
  payment_id BINARY(16)  NOT NULL,
  push_id    BINARY(16)  NOT NULL,
  PRIMARY KEY (payment_id, push_id),
  KEY payment_hold_push (push_id),
  CONSTRAINT payment_hold_payment_fk FOREIGN KEY (payment_id) REFERENCES payment (id),
  CONSTRAINT payment_hold_push_fk FOREIGN KEY (push_id) REFERENCES payment (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Contradictions, for a person: what speaks against the push, and the money that it is about.
CREATE TABLE IF NOT EXISTS conflict (
  id          BINARY(16)   NOT NULL,
  push_id     BINARY(16)   NOT NULL,
  payment_id  BINARY(16)   NULL,
  kind        ENUM('amount','second_receipt','phone','receipt_taken','claimed_elsewhere',
                   'receipt_awaited','unproven') NOT NULL,
  note        VARCHAR(255) NOT NULL,
  created_at  DATETIME(6)  NOT NULL,
  resolved_at DATETIME(6)  NULL,
  decision    ENUM('move','release','fail','proven') NULL,
  decided_by  VARCHAR(64)  NULL,
  PRIMARY KEY (id),
  KEY conflict_push (push_id, resolved_at),
  KEY conflict_payment (payment_id, resolved_at),
  KEY conflict_open (resolved_at, id),
  CONSTRAINT conflict_push_fk FOREIGN KEY (push_id) REFERENCES payment (id),
  CONSTRAINT conflict_payment_fk FOREIGN KEY (payment_id) REFERENCES payment (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The second barrier against a double claim: one row a payment and a receipt.
CREATE TABLE IF NOT EXISTS claim (
  payment_id BINARY(16)  NOT NULL,
  receipt    VARCHAR(20) NULL,
  app_id     BINARY(16)  NOT NULL,
  token      BINARY(16)  NOT NULL,
  claimed_at DATETIME(6) NOT NULL,
  PRIMARY KEY (payment_id),
  UNIQUE KEY claim_receipt (receipt),
  UNIQUE KEY claim_token (token),
  CONSTRAINT claim_payment_fk FOREIGN KEY (payment_id) REFERENCES payment (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Which runner of background tasks does a task now, on any host.
CREATE TABLE IF NOT EXISTS job_lease (
  task       VARCHAR(32)     NOT NULL,
  owner      BINARY(16)      NULL,
  until      DATETIME(6)     NULL,
  generation BIGINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (task)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- One row: when a runner was last there. After a gap, or an outage, deadlines do not count until
-- `quiet_until`: what would have met them may not have arrived yet.
CREATE TABLE IF NOT EXISTS jobs_state (
  id           TINYINT     NOT NULL,
  last_seen_at DATETIME(6) NOT NULL,
  quiet_until  DATETIME(6) NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The one OAuth token of all workers on all hosts, sealed under the configuration's secret_key.
CREATE TABLE IF NOT EXISTS daraja_token (
  consumer_hash BINARY(32)      NOT NULL,
  generation    BIGINT UNSIGNED NOT NULL DEFAULT 0,
  token_sealed  VARBINARY(1024) NULL,
  expires_at    DATETIME(6)     NULL,
  lease_owner   BINARY(16)      NULL,
  lease_until   DATETIME(6)     NULL,
  PRIMARY KEY (consumer_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Secrets in the C2B URLs that Daraja was given, found by hash, shown again by opening the seal.
-- `last_used_at` is written once an hour at most, by the confirmations that come on it.
CREATE TABLE IF NOT EXISTS c2b_token (
  token_hash   BINARY(32)     NOT NULL,
  short_code   VARCHAR(10)    NOT NULL,
  token_sealed VARBINARY(128) NOT NULL,
  created_at   DATETIME(6)    NOT NULL,
  last_used_at DATETIME(6)    NULL,
  ended_at     DATETIME(6)    NULL,
  PRIMARY KEY (token_hash),
  KEY c2b_token_short_code (short_code, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Answers kept for requests that are repeated with the same Idempotency-Key.
CREATE TABLE IF NOT EXISTS idempotency_key (
  app_id       BINARY(16)        NOT NULL,
  key_hash     BINARY(32)        NOT NULL,
  request_hash BINARY(32)        NOT NULL,
  payment_id   BINARY(16)        NULL,
  status       SMALLINT UNSIGNED NULL,
  answer       MEDIUMBLOB        NULL,
  created_at   DATETIME(6)       NOT NULL,
  PRIMARY KEY (app_id, key_hash),
  KEY idempotency_key_created (created_at),
  CONSTRAINT idempotency_key_app_fk FOREIGN KEY (app_id) REFERENCES app (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS webhook_endpoint (
  id            BINARY(16)     NOT NULL,
  app_id        BINARY(16)     NOT NULL,
  url           VARCHAR(2048)  NOT NULL,
  events        VARCHAR(255)   NOT NULL,
  secret_sealed VARBINARY(256) NOT NULL,
  active        TINYINT(1)     NOT NULL DEFAULT 1,
  created_at    DATETIME(6)    NOT NULL,
  PRIMARY KEY (id),
  KEY webhook_endpoint_app (app_id, id),
  CONSTRAINT webhook_endpoint_app_fk FOREIGN KEY (app_id) REFERENCES app (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS webhook_delivery (
  id          BINARY(16)   NOT NULL,
  endpoint_id BINARY(16)   NOT NULL,
  payment_id  BINARY(16)   NOT NULL,
  sequence    INT UNSIGNED NOT NULL,
  event       VARCHAR(32)  NOT NULL,
  state       ENUM('waiting','delivered','failed') NOT NULL,
  attempts    INT UNSIGNED NOT NULL DEFAULT 0,
  next_at     DATETIME(6)  NULL,
  created_at  DATETIME(6)  NOT NULL,
  PRIMARY KEY (id),
  KEY webhook_delivery_due (state, next_at),
  KEY webhook_delivery_endpoint (endpoint_id, id),
  CONSTRAINT webhook_delivery_endpoint_fk FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoint (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
