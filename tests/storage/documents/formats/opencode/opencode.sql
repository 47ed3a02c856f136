BEGIN TRANSACTION;
CREATE TABLE `account` (
          `id` text PRIMARY KEY,
          `email` text NOT NULL,
          `url` text NOT NULL,
          `access_token` text NOT NULL,
          `refresh_token` text NOT NULL,
          `token_expiry` integer,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL
        );
CREATE TABLE `account_state` (
          `id` integer PRIMARY KEY,
          `active_account_id` text,
          `active_org_id` text,
          CONSTRAINT `fk_account_state_active_account_id_account_id_fk` FOREIGN KEY (`active_account_id`) REFERENCES `account`(`id`) ON DELETE SET NULL
        );
CREATE TABLE `control_account` (
          `email` text NOT NULL,
          `url` text NOT NULL,
          `access_token` text NOT NULL,
          `refresh_token` text NOT NULL,
          `token_expiry` integer,
          `active` integer NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `control_account_pk` PRIMARY KEY(`email`, `url`)
        );
CREATE TABLE `credential` (
          `id` text PRIMARY KEY,
          `integration_id` text,
          `label` text NOT NULL,
          `value` text NOT NULL,
          `connector_id` text,
          `method_id` text,
          `active` integer,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL
        );
CREATE TABLE `data_migration` (
          `name` text PRIMARY KEY,
          `time_completed` integer NOT NULL
        );
CREATE TABLE `event` (
          `id` text PRIMARY KEY,
          `aggregate_id` text NOT NULL,
          `seq` integer NOT NULL,
          `type` text NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_event_aggregate_id_event_sequence_aggregate_id_fk` FOREIGN KEY (`aggregate_id`) REFERENCES `event_sequence`(`aggregate_id`) ON DELETE CASCADE
        );
CREATE TABLE `event_sequence` (
          `aggregate_id` text PRIMARY KEY,
          `seq` integer NOT NULL,
          `owner_id` text
        );
INSERT INTO "event_sequence" VALUES('ses_ddf2cd0aaffeJh9chseJaTFwHs',56,NULL);
CREATE TABLE `message` (
          `id` text PRIMARY KEY,
          `session_id` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_message_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
INSERT INTO "message" VALUES('msg_220d32fde001USNv0ykSyLU9ud','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847040990,1795847043087,'{"role":"user","time":{"created":1795847040990},"agent":"build","model":{"providerID":"mock","modelID":"mock"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_220d3340b001g0sK621baI4Sg5','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847042059,1795847043073,'{"parentID":"msg_220d32fde001USNv0ykSyLU9ud","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/shop","root":"/"},"cost":0,"tokens":{"total":120,"input":100,"output":20,"reasoning":0,"cache":{"write":0,"read":0}},"modelID":"mock","providerID":"mock","time":{"created":1795847042059,"completed":1795847043070},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_220d33804001um97D8keeiABn5','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847043076,1795847043136,'{"parentID":"msg_220d32fde001USNv0ykSyLU9ud","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/shop","root":"/"},"cost":0,"tokens":{"total":120,"input":100,"output":20,"reasoning":0,"cache":{"write":0,"read":0}},"modelID":"mock","providerID":"mock","time":{"created":1795847043076,"completed":1795847043135},"finish":"stop"}');
INSERT INTO "message" VALUES('msg_220d33f32001kgYDXl80MOQ07L','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847044914,1795847046020,'{"role":"user","time":{"created":1795847044914},"agent":"build","model":{"providerID":"mock","modelID":"mock"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_220d34261001IeWeFe42d9D1lR','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847045729,1795847045994,'{"parentID":"msg_220d33f32001kgYDXl80MOQ07L","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/shop","root":"/"},"cost":0,"tokens":{"total":120,"input":100,"output":20,"reasoning":0,"cache":{"write":0,"read":0}},"modelID":"mock","providerID":"mock","time":{"created":1795847045729,"completed":1795847045993},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_220d3436c001xGwPwbezzB3IiB','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847045997,1795847046308,'{"parentID":"msg_220d33f32001kgYDXl80MOQ07L","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/shop","root":"/"},"cost":0,"tokens":{"total":120,"input":100,"output":20,"reasoning":0,"cache":{"write":0,"read":0}},"modelID":"mock","providerID":"mock","time":{"created":1795847045997,"completed":1795847046307},"finish":"stop"}');
CREATE TABLE "migration" (id TEXT PRIMARY KEY, time_completed INTEGER NOT NULL);
CREATE TABLE `part` (
          `id` text PRIMARY KEY,
          `message_id` text NOT NULL,
          `session_id` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_part_message_id_message_id_fk` FOREIGN KEY (`message_id`) REFERENCES `message`(`id`) ON DELETE CASCADE
        );
INSERT INTO "part" VALUES('prt_220d32ff8001f2gMwm5Iz21Rwh','msg_220d32fde001USNv0ykSyLU9ud','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847042042,1795847042044,'{"type":"text","text":"\"What is in this folder?\""}');
INSERT INTO "part" VALUES('prt_220d33754001jB7NqaYQjkxj2t','msg_220d3340b001g0sK621baI4Sg5','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847042900,1795847042902,'{"type":"step-start"}');
INSERT INTO "part" VALUES('prt_220d33759001KOunUJWvSuqQvY','msg_220d3340b001g0sK621baI4Sg5','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847042905,1795847042914,'{"type":"reasoning","text":"I should list the folder first.","time":{"start":1795847042905,"end":1795847042909}}');
INSERT INTO "part" VALUES('prt_220d33763001VN17pw3BYxoIIu','msg_220d3340b001g0sK621baI4Sg5','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847042916,1795847042948,'{"type":"text","text":"Let me look.","time":{"start":1795847042915,"end":1795847042947}}');
INSERT INTO "part" VALUES('prt_220d33767001Pm5yUGxJbGzMow','msg_220d3340b001g0sK621baI4Sg5','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847042919,1795847043059,'{"type":"tool","tool":"bash","callID":"call_0_bash","state":{"status":"completed","input":{"command":"ls","description":"List files"},"output":"README.md\nprices.csv\n","metadata":{"output":"README.md\nprices.csv\n","exit":0,"truncated":false},"title":"ls","time":{"start":1795847042935,"end":1795847043058}}}');
INSERT INTO "part" VALUES('prt_220d337f6001NkWTw9bBAC23qA','msg_220d3340b001g0sK621baI4Sg5','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847043062,1795847043064,'{"reason":"tool-calls","type":"step-finish","tokens":{"total":120,"input":100,"output":20,"reasoning":0,"cache":{"write":0,"read":0}},"cost":0}');
INSERT INTO "part" VALUES('prt_220d33833001ermrn8Dk7Sg2Sy','msg_220d33804001um97D8keeiABn5','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847043123,1795847043124,'{"type":"step-start"}');
INSERT INTO "part" VALUES('prt_220d338350015ywUkrXihcUfL8','msg_220d33804001um97D8keeiABn5','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847043125,1795847043128,'{"type":"text","text":"There is a price list and a readme.","time":{"start":1795847043125,"end":1795847043127}}');
INSERT INTO "part" VALUES('prt_220d33839001WTgcgwH6skmVZ5','msg_220d33804001um97D8keeiABn5','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847043129,1795847043130,'{"reason":"stop","type":"step-finish","tokens":{"total":120,"input":100,"output":20,"reasoning":0,"cache":{"write":0,"read":0}},"cost":0}');
INSERT INTO "part" VALUES('prt_220d33f35001ZKEj4R2fgZmAoy','msg_220d33f32001kgYDXl80MOQ07L','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847045712,1795847045714,'{"type":"text","text":"\"What is the cheapest tea?\""}');
INSERT INTO "part" VALUES('prt_220d34343001zH014hpegsRw19','msg_220d34261001IeWeFe42d9D1lR','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847045955,1795847045957,'{"type":"step-start"}');
INSERT INTO "part" VALUES('prt_220d34347001aHft61ezU0vam4','msg_220d34261001IeWeFe42d9D1lR','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847045959,1795847045963,'{"type":"reasoning","text":"Read the price list.","time":{"start":1795847045959,"end":1795847045962}}');
INSERT INTO "part" VALUES('prt_220d3434c0019WCWpt4qZ35H6a','msg_220d34261001IeWeFe42d9D1lR','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847045964,1795847045983,'{"type":"tool","tool":"read","callID":"call_0_read","state":{"status":"completed","input":{"filePath":"/home/dev/shop/prices.csv"},"output":"<path>/home/dev/shop/prices.csv</path>\n<type>file</type>\n<content>\n1: tea,price\n2: mint,2\n3: black,3\n\n(End of file - total 3 lines)\n</content>","metadata":{"preview":"tea,price\nmint,2\nblack,3","truncated":false,"loaded":[],"display":{"type":"file","path":"/home/dev/shop/prices.csv","text":"tea,price\nmint,2\nblack,3","lineStart":1,"lineEnd":3,"totalLines":3,"truncated":false}},"title":"home/dev/shop/prices.csv","time":{"start":1795847045972,"end":1795847045982}}}');
INSERT INTO "part" VALUES('prt_220d343630017Ss63KIFSYtk1H','msg_220d34261001IeWeFe42d9D1lR','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847045987,1795847045988,'{"reason":"tool-calls","type":"step-finish","tokens":{"total":120,"input":100,"output":20,"reasoning":0,"cache":{"write":0,"read":0}},"cost":0}');
INSERT INTO "part" VALUES('prt_220d3446e0012Y5j7XBQI8uwTA','msg_220d3436c001xGwPwbezzB3IiB','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847046254,1795847046265,'{"type":"step-start"}');
INSERT INTO "part" VALUES('prt_220d34490001G1cV8taUA31uMy','msg_220d3436c001xGwPwbezzB3IiB','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847046288,1795847046297,'{"type":"text","text":"Mint tea is the cheapest, at 2 a cup.","time":{"start":1795847046288,"end":1795847046296}}');
INSERT INTO "part" VALUES('prt_220d344a0001X2DSX1t1gEf4u4','msg_220d3436c001xGwPwbezzB3IiB','ses_ddf2cd0aaffeJh9chseJaTFwHs',1795847046304,1795847046305,'{"reason":"stop","type":"step-finish","tokens":{"total":120,"input":100,"output":20,"reasoning":0,"cache":{"write":0,"read":0}},"cost":0}');
CREATE TABLE `permission` (
          `id` text PRIMARY KEY,
          `project_id` text NOT NULL,
          `action` text NOT NULL,
          `resource` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `fk_permission_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `project` (
          `id` text PRIMARY KEY,
          `worktree` text NOT NULL,
          `vcs` text,
          `name` text,
          `icon_url` text,
          `icon_url_override` text,
          `icon_color` text,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `time_initialized` integer,
          `sandboxes` text NOT NULL,
          `commands` text
        );
INSERT INTO "project" VALUES('global','/',NULL,NULL,NULL,NULL,NULL,1795847040032,1795847049115,NULL,'[]',NULL);
CREATE TABLE `project_directory` (
          `project_id` text NOT NULL,
          `directory` text NOT NULL,
          `type` text,
          `strategy` text,
          `time_created` integer NOT NULL,
          CONSTRAINT `project_directory_pk` PRIMARY KEY(`project_id`, `directory`),
          CONSTRAINT `fk_project_directory_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session` (
          `id` text PRIMARY KEY,
          `project_id` text NOT NULL,
          `workspace_id` text,
          `parent_id` text,
          `slug` text NOT NULL,
          `directory` text NOT NULL,
          `path` text,
          `title` text NOT NULL,
          `version` text NOT NULL,
          `share_url` text,
          `summary_additions` integer,
          `summary_deletions` integer,
          `summary_files` integer,
          `summary_diffs` text,
          `metadata` text,
          `cost` real DEFAULT 0 NOT NULL,
          `tokens_input` integer DEFAULT 0 NOT NULL,
          `tokens_output` integer DEFAULT 0 NOT NULL,
          `tokens_reasoning` integer DEFAULT 0 NOT NULL,
          `tokens_cache_read` integer DEFAULT 0 NOT NULL,
          `tokens_cache_write` integer DEFAULT 0 NOT NULL,
          `revert` text,
          `permission` text,
          `agent` text,
          `model` text,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `time_compacting` integer,
          `time_archived` integer,
          CONSTRAINT `fk_session_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
INSERT INTO "session" VALUES('ses_ddf2cd0aaffeJh9chseJaTFwHs','global',NULL,NULL,'mighty-eagle','/home/dev/shop','home/dev/shop','Tea shop chores','1.18.33',NULL,0,0,0,NULL,NULL,0.0,400,80,0,0,0,NULL,'[{"permission":"question","pattern":"*","action":"deny"},{"permission":"plan_enter","pattern":"*","action":"deny"},{"permission":"plan_exit","pattern":"*","action":"deny"}]','build','{"id":"mock","providerID":"mock","variant":"default"}',1795847040853,1795847046586,NULL,NULL);
CREATE TABLE `session_context_epoch` (
          `session_id` text PRIMARY KEY,
          `baseline` text NOT NULL,
          `snapshot` text NOT NULL,
          `baseline_seq` integer NOT NULL,
          CONSTRAINT `fk_session_context_epoch_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session_input` (
          `id` text PRIMARY KEY,
          `session_id` text NOT NULL,
          `prompt` text NOT NULL,
          `delivery` text NOT NULL,
          `admitted_seq` integer NOT NULL,
          `promoted_seq` integer,
          `time_created` integer NOT NULL,
          CONSTRAINT `fk_session_input_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session_message` (
          `id` text PRIMARY KEY,
          `session_id` text NOT NULL,
          `type` text NOT NULL,
          `seq` integer NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_session_message_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session_share` (
          `session_id` text PRIMARY KEY,
          `id` text NOT NULL,
          `secret` text NOT NULL,
          `url` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `fk_session_share_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `todo` (
          `session_id` text NOT NULL,
          `content` text NOT NULL,
          `status` text NOT NULL,
          `priority` text NOT NULL,
          `position` integer NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `todo_pk` PRIMARY KEY(`session_id`, `position`),
          CONSTRAINT `fk_todo_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `workspace` (
          `id` text PRIMARY KEY,
          `type` text NOT NULL,
          `name` text DEFAULT '' NOT NULL,
          `branch` text,
          `directory` text,
          `extra` text,
          `project_id` text NOT NULL,
          `time_used` integer NOT NULL,
          CONSTRAINT `fk_workspace_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
CREATE UNIQUE INDEX `event_aggregate_seq_idx` ON `event` (`aggregate_id`,`seq`);
CREATE INDEX `event_aggregate_type_seq_idx` ON `event` (`aggregate_id`,`type`,`seq`);
CREATE UNIQUE INDEX `permission_project_action_resource_idx` ON `permission` (`project_id`,`action`,`resource`);
CREATE INDEX `message_session_time_created_id_idx` ON `message` (`session_id`,`time_created`,`id`);
CREATE INDEX `part_message_id_id_idx` ON `part` (`message_id`,`id`);
CREATE INDEX `part_session_idx` ON `part` (`session_id`);
CREATE INDEX `session_input_session_pending_delivery_seq_idx` ON `session_input` (`session_id`,`promoted_seq`,`delivery`,`admitted_seq`);
CREATE UNIQUE INDEX `session_input_session_admitted_seq_idx` ON `session_input` (`session_id`,`admitted_seq`);
CREATE UNIQUE INDEX `session_input_session_promoted_seq_idx` ON `session_input` (`session_id`,`promoted_seq`);
CREATE UNIQUE INDEX `session_message_session_seq_idx` ON `session_message` (`session_id`,`seq`);
CREATE INDEX `session_message_session_type_seq_idx` ON `session_message` (`session_id`,`type`,`seq`);
CREATE INDEX `session_message_session_time_created_id_idx` ON `session_message` (`session_id`,`time_created`,`id`);
CREATE INDEX `session_message_time_created_idx` ON `session_message` (`time_created`);
CREATE INDEX `session_project_idx` ON `session` (`project_id`);
CREATE INDEX `session_workspace_idx` ON `session` (`workspace_id`);
CREATE INDEX `session_parent_idx` ON `session` (`parent_id`);
CREATE INDEX `todo_session_idx` ON `todo` (`session_id`);
COMMIT;
