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
CREATE TABLE `message` (
  `id` text PRIMARY KEY,
  `session_id` text NOT NULL,
  `time_created` integer NOT NULL,
  `time_updated` integer NOT NULL,
  `data` text NOT NULL,
  CONSTRAINT `fk_message_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `part` (
  `id` text PRIMARY KEY,
  `message_id` text NOT NULL,
  `session_id` text NOT NULL,
  `time_created` integer NOT NULL,
  `time_updated` integer NOT NULL,
  `data` text NOT NULL,
  CONSTRAINT `fk_part_message_id_message_id_fk` FOREIGN KEY (`message_id`) REFERENCES `message`(`id`) ON DELETE CASCADE
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
INSERT INTO "session" VALUES('ses_ddc029215ffeToF21a0ar2Ktqc','global',NULL,NULL,'happy-otter','/home/dev/shop','home/dev/shop','A scripted title','1.18.33',NULL,0,0,0,NULL,NULL,0.0,200,34,0,1000,0,NULL,NULL,'build','{"id":"model","providerID":"scripted","variant":"default"}',1795900141083,1795900179920,NULL,NULL);
INSERT INTO "session" VALUES('ses_ddc01d477ffeh3R9FI2ixAc6Jd','global',NULL,NULL,'lucky-star','/home/dev/shop','home/dev/shop','A scripted title','1.18.33',NULL,0,0,0,NULL,NULL,0.0,200,34,0,1000,0,NULL,'[{"permission":"question","pattern":"*","action":"deny"},{"permission":"plan_enter","pattern":"*","action":"deny"},{"permission":"plan_exit","pattern":"*","action":"deny"}]','build','{"id":"model","providerID":"scripted","variant":"default"}',1795900189582,1795900198796,NULL,NULL);
INSERT INTO "message" VALUES('msg_223fde6f5001zzGbkQMjkHi3P0','ses_ddc029215ffeToF21a0ar2Ktqc',1795900172021,1795900175902,'{"role":"user","time":{"created":1795900172021},"agent":"build","model":{"providerID":"scripted","modelID":"model"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_223fdf4eb001xpRtM0bl5mBUsv','ses_ddc029215ffeToF21a0ar2Ktqc',1795900175595,1795900179788,'{"parentID":"msg_223fde6f5001zzGbkQMjkHi3P0","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/shop","root":"/"},"cost":0,"tokens":{"total":1234,"input":200,"output":34,"reasoning":0,"cache":{"write":0,"read":1000}},"modelID":"model","providerID":"scripted","time":{"created":1795900175595,"completed":1795900179772},"finish":"stop"}');
INSERT INTO "message" VALUES('msg_223fe2d1c001v9VLu6Z1rGfGQ5','ses_ddc01d477ffeh3R9FI2ixAc6Jd',1795900189980,1795900194000,'{"role":"user","time":{"created":1795900189980},"agent":"build","model":{"providerID":"scripted","modelID":"model"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_223fe3b04001twYMGlxpUOtlwL','ses_ddc01d477ffeh3R9FI2ixAc6Jd',1795900193540,1795900198630,'{"parentID":"msg_223fe2d1c001v9VLu6Z1rGfGQ5","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/shop","root":"/"},"cost":0,"tokens":{"total":1234,"input":200,"output":34,"reasoning":0,"cache":{"write":0,"read":1000}},"modelID":"model","providerID":"scripted","time":{"created":1795900193540,"completed":1795900198623},"finish":"stop"}');
INSERT INTO "part" VALUES('prt_223fde7ca001264iF6NooSQ3ZZ','msg_223fde6f5001zzGbkQMjkHi3P0','ses_ddc029215ffeToF21a0ar2Ktqc',1795900175491,1795900175500,'{"type":"text","text":"\"And the dearest?\""}');
INSERT INTO "part" VALUES('prt_223fe04de001gXadYla9WgVf0q','msg_223fdf4eb001xpRtM0bl5mBUsv','ses_ddc029215ffeToF21a0ar2Ktqc',1795900179678,1795900179680,'{"type":"step-start"}');
INSERT INTO "part" VALUES('prt_223fe04f2001BcJP56DhDssBui','msg_223fdf4eb001xpRtM0bl5mBUsv','ses_ddc029215ffeToF21a0ar2Ktqc',1795900179698,1795900179722,'{"type":"text","text":"A plain answer.","time":{"start":1795900179698,"end":1795900179708}}');
INSERT INTO "part" VALUES('prt_223fe0520001xGBLbcEK7QqCvS','msg_223fdf4eb001xpRtM0bl5mBUsv','ses_ddc029215ffeToF21a0ar2Ktqc',1795900179744,1795900179747,'{"reason":"stop","type":"step-finish","tokens":{"total":1234,"input":200,"output":34,"reasoning":0,"cache":{"write":0,"read":1000}},"cost":0}');
INSERT INTO "part" VALUES('prt_223fe2e100013a7R6z9qGRuA1U','msg_223fe2d1c001v9VLu6Z1rGfGQ5','ses_ddc01d477ffeh3R9FI2ixAc6Jd',1795900193409,1795900193428,'{"type":"text","text":"\"Old prompt?\""}');
INSERT INTO "part" VALUES('prt_223fe4e34001vWX7Mon7FqK1ER','msg_223fe3b04001twYMGlxpUOtlwL','ses_ddc01d477ffeh3R9FI2ixAc6Jd',1795900198452,1795900198473,'{"type":"step-start"}');
INSERT INTO "part" VALUES('prt_223fe4e5a001MO9pd38KetRrDa','msg_223fe3b04001twYMGlxpUOtlwL','ses_ddc01d477ffeh3R9FI2ixAc6Jd',1795900198490,1795900198539,'{"type":"text","text":"Old answer.","time":{"start":1795900198490,"end":1795900198523}}');
INSERT INTO "part" VALUES('prt_223fe4ea7001fP4KzZq4rM0Ibp','msg_223fe3b04001twYMGlxpUOtlwL','ses_ddc01d477ffeh3R9FI2ixAc6Jd',1795900198567,1795900198581,'{"reason":"stop","type":"step-finish","tokens":{"total":1234,"input":200,"output":34,"reasoning":0,"cache":{"write":0,"read":1000}},"cost":0}');
INSERT INTO "session_message" VALUES('msg_223fd8cef001qrBiGMBenMUuVl','ses_ddc029215ffeToF21a0ar2Ktqc','user',2,1795900148985,1795900149338,'{"time":{"created":1795900148985},"text":"What does mint tea cost?"}');
INSERT INTO "session_message" VALUES('msg_223fd94f4001S14q3kKqvxneGL','ses_ddc029215ffeToF21a0ar2Ktqc','assistant',3,1795900151028,1795900151800,'{"time":{"created":1795900151028,"completed":1795900151784},"agent":"build","model":{"id":"model","providerID":"scripted","variant":"default"},"content":[{"type":"reasoning","id":"reasoning-0","text":"Look first","time":{"created":1795900151066,"completed":1795900151125}},{"type":"text","id":"text-0","text":"Let me look."},{"type":"tool","id":"toolu_000000000001","name":"bash","provider":{"executed":false},"state":{"status":"completed","input":{"command":"cat prices.txt","description":"Run a command"},"content":[{"type":"text","text":"Mint tea 2\n"},{"type":"text","text":"Command exited with code 0."}],"outputPaths":[],"structured":{"exit":0,"truncated":false}},"time":{"created":1795900151165,"ran":1795900151246,"completed":1795900151705}},{"type":"tool","id":"toolu_000000000002","name":"bash","provider":{"executed":false},"state":{"status":"completed","input":{"command":"cat nothing.txt","description":"Run a command"},"content":[{"type":"text","text":"cat: nothing.txt: No such file or directory\n"},{"type":"text","text":"Command exited with code 1."}],"outputPaths":[],"structured":{"exit":1,"truncated":false}},"time":{"created":1795900151183,"ran":1795900151329,"completed":1795900151766}}],"finish":"tool-calls","cost":0,"tokens":{"input":200,"output":34,"reasoning":0,"cache":{"read":1000,"write":0}}}');
INSERT INTO "session_message" VALUES('msg_223fd9f29001pB39bfgVdXdYBV','ses_ddc029215ffeToF21a0ar2Ktqc','assistant',17,1795900153641,1795900153719,'{"time":{"created":1795900153641,"completed":1795900153704},"agent":"build","model":{"id":"model","providerID":"scripted","variant":"default"},"content":[{"type":"text","id":"text-0","text":"Mint tea costs 2."}],"finish":"stop","cost":0,"tokens":{"input":200,"output":34,"reasoning":0,"cache":{"read":1000,"write":0}}}');
INSERT INTO "session_message" VALUES('msg_223fda5500016QhUecEVwP4Aq0','ses_ddc029215ffeToF21a0ar2Ktqc','user',22,1795900155217,1795900155306,'{"time":{"created":1795900155217},"text":"And black tea?","files":[{"uri":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC","mime":"image/png","name":"dot.png"}]}');
INSERT INTO "session_message" VALUES('msg_223fdac4e001wrSsfT602hVfRx','ses_ddc029215ffeToF21a0ar2Ktqc','assistant',23,1795900157006,1795900157048,'{"time":{"created":1795900157006,"completed":1795900157041},"agent":"build","model":{"id":"model","providerID":"scripted","variant":"default"},"content":[{"type":"text","id":"text-0","text":"The list does not say."}],"finish":"stop","cost":0,"tokens":{"input":200,"output":34,"reasoning":0,"cache":{"read":1000,"write":0}}}');
INSERT INTO "session_message" VALUES('msg_223fe59db0012vkhzLakySID3h','ses_ddc01d477ffeh3R9FI2ixAc6Jd','user',17,1795900201435,1795900201742,'{"time":{"created":1795900201435},"text":"New prompt?"}');
INSERT INTO "session_message" VALUES('msg_223fe6134001slbYK7np9V00Bo','ses_ddc01d477ffeh3R9FI2ixAc6Jd','assistant',18,1795900203316,1795900203376,'{"time":{"created":1795900203316,"completed":1795900203372},"agent":"build","model":{"id":"model","providerID":"scripted","variant":"default"},"content":[{"type":"text","id":"text-0","text":"New answer."}],"finish":"stop","cost":0,"tokens":{"input":200,"output":34,"reasoning":0,"cache":{"read":1000,"write":0}}}');
INSERT INTO "session_message" VALUES('msg_223fe7700001JeKRieN2mwsw5d','ses_ddc029215ffeToF21a0ar2Ktqc','user',43,1795900208900,1795900209012,'{"time":{"created":1795900208900},"text":"And then?"}');
INSERT INTO "session_message" VALUES('msg_223fe7ee6001C1T5HjAb5xexQN','ses_ddc029215ffeToF21a0ar2Ktqc','assistant',44,1795900210919,1795900210991,'{"time":{"created":1795900210919,"completed":1795900210985},"agent":"build","model":{"id":"model","providerID":"scripted","variant":"default"},"content":[{"type":"text","id":"text-0","text":"A summary of all."}],"finish":"stop","cost":0,"tokens":{"input":200,"output":34,"reasoning":0,"cache":{"read":1000,"write":0}}}');
