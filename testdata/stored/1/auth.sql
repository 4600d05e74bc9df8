--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: authkit_stored; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA authkit_stored;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: authkit_api_keys; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_api_keys (
    app_id uuid NOT NULL,
    key_id uuid NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    hint text NOT NULL COLLATE pg_catalog."C",
    hash bytea NOT NULL,
    scopes text NOT NULL COLLATE pg_catalog."C",
    active bigint NOT NULL,
    created_at bigint NOT NULL,
    last_used_at bigint NOT NULL,
    expires_at bigint NOT NULL
);


--
-- Name: authkit_apps; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_apps (
    app_id uuid NOT NULL,
    developer text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    name_key text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    settings text NOT NULL COLLATE pg_catalog."C",
    gen bigint DEFAULT 0 NOT NULL,
    created_at bigint NOT NULL,
    deleted_at bigint DEFAULT 0 NOT NULL
);


--
-- Name: authkit_credentials; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_credentials (
    app_id uuid NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    user_id uuid NOT NULL,
    data bytea,
    created_at bigint NOT NULL
);


--
-- Name: authkit_events; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_events (
    app_id uuid NOT NULL,
    event_id uuid NOT NULL,
    user_id uuid NOT NULL,
    at bigint NOT NULL,
    type text NOT NULL COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    ip text NOT NULL COLLATE pg_catalog."C",
    result text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL COLLATE pg_catalog."C",
    request_id text NOT NULL COLLATE pg_catalog."C",
    detail bytea
);


--
-- Name: authkit_limits; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_limits (
    app_id uuid NOT NULL,
    limit_key text NOT NULL COLLATE pg_catalog."C",
    tat bigint NOT NULL
);


--
-- Name: authkit_migrations; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_migrations (
    version text NOT NULL,
    checksum text NOT NULL
);


--
-- Name: authkit_oauth; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_oauth (
    app_id uuid NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    client_id text NOT NULL COLLATE pg_catalog."C",
    secret bytea,
    redirect_uri text NOT NULL COLLATE pg_catalog."C",
    scopes text NOT NULL COLLATE pg_catalog."C",
    issuer text NOT NULL COLLATE pg_catalog."C",
    trust_email bigint NOT NULL,
    enabled bigint NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL
);


--
-- Name: authkit_outbox; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_outbox (
    app_id uuid NOT NULL,
    mail_id uuid NOT NULL,
    sealed bytea,
    due_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    attempts bigint NOT NULL
);


--
-- Name: authkit_sessions; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_sessions (
    app_id uuid NOT NULL,
    session_id uuid NOT NULL,
    user_id uuid NOT NULL,
    epoch bigint NOT NULL,
    family bytea,
    cur bytea,
    prev0 bytea,
    sealed0 bytea,
    rotated0 bigint DEFAULT 0 NOT NULL,
    prev1 bytea,
    sealed1 bytea,
    rotated1 bigint DEFAULT 0 NOT NULL,
    auth_time bigint NOT NULL,
    created_at bigint NOT NULL,
    last_used_at bigint NOT NULL,
    idle_until bigint NOT NULL,
    until_at bigint NOT NULL,
    ended_at bigint DEFAULT 0 NOT NULL,
    amr text NOT NULL COLLATE pg_catalog."C",
    user_agent text NOT NULL COLLATE pg_catalog."C",
    ip text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: authkit_signing_keys; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_signing_keys (
    app_id uuid NOT NULL,
    seq bigint NOT NULL,
    kid text NOT NULL COLLATE pg_catalog."C",
    alg text NOT NULL COLLATE pg_catalog."C",
    public bytea,
    sealed bytea,
    from_at bigint NOT NULL,
    alone bigint NOT NULL
);


--
-- Name: authkit_tokens; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_tokens (
    app_id uuid NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    slot text NOT NULL COLLATE pg_catalog."C",
    place bigint NOT NULL,
    hash bytea NOT NULL,
    binding bytea,
    proof bytea,
    user_id uuid NOT NULL,
    epoch bigint NOT NULL,
    data bytea,
    expires_at bigint NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    spent_at bigint DEFAULT 0 NOT NULL
);


--
-- Name: authkit_users; Type: TABLE; Schema: authkit_stored; Owner: -
--

CREATE TABLE authkit_stored.authkit_users (
    app_id uuid NOT NULL,
    user_id uuid NOT NULL,
    email text NOT NULL COLLATE pg_catalog."C",
    email_typed text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    name_key text NOT NULL COLLATE pg_catalog."C",
    auth_method text NOT NULL COLLATE pg_catalog."C",
    verified bigint NOT NULL,
    disabled bigint NOT NULL,
    disabled_reason text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    epoch bigint NOT NULL,
    last_login bigint NOT NULL,
    created_at bigint NOT NULL
);


--
-- Data for Name: authkit_api_keys; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_api_keys VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-764a-828a-444bfbb3825f', 'first key', 'ak_riJshPM1', '\xf4c5fb3ec25186d81aa28240e894fa8a0b93b6b840f54fd45531729c9fff09c1', '["users:read","users:write"]', 1, 1772600767000000, 0, 1773291967000000);
INSERT INTO authkit_stored.authkit_api_keys VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-791e-9e57-61c2b9407e28', '', 'ak_2-dq558A', '\xa0893cd9837aa01e67023c08b6431916254b1ac83c6fbbd74734f785a4730478', '["users:read","users:write"]', 0, 1772687167000000, 0, 0);
INSERT INTO authkit_stored.authkit_api_keys VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-70dc-a7d0-084eabbf5185', '', 'ak_C_elnLQY', '\x665480bf90d61d8b6c493e283ddc3449e8c1d025b62e43a528b388934a840d87', '["users:read","users:write"]', 1, 1772687167000000, 0, 0);
INSERT INTO authkit_stored.authkit_api_keys VALUES ('019cbc63-8e18-74c2-81ab-dfa8f5dc9054', '019cbc63-8e18-755a-89c2-a050c77ea72f', 'first key', 'ak_-VjYt2gm', '\xe5dd2018c9c3cd66f80f989011c69da46f5f962474d51f3756aaede373b7d6f0', '["users:read","users:write"]', 1, 1772687167000000, 0, 0);


--
-- Data for Name: authkit_apps; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_apps VALUES ('00000000-0000-7000-8000-000000000000', '', 'Console', 'console', 1, '{"signup_closed":true}', 0, 1772600767000000, 0);
INSERT INTO authkit_stored.authkit_apps VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', 'Demo', 'demo', 7, '{"redirect_urls":["https://client.example/done"],"origins":["https://client.example"],"signing_alg":"RS256"}', 2, 1772600767000000, 0);
INSERT INTO authkit_stored.authkit_apps VALUES ('019cbc63-8e18-74c2-81ab-dfa8f5dc9054', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', 'Later', 'later', 2, '{"session_mode":"cookie"}', 0, 1772687167000000, 0);


--
-- Data for Name: authkit_credentials; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_credentials VALUES ('00000000-0000-7000-8000-000000000000', 'password', '019cb73d-3218-7a00-9b85-2e8b1ed0df69', '019cb73d-3218-7a00-9b85-2e8b1ed0df69', '\x246172676f6e32696424763d3139246d3d382c743d312c703d3124555342334571734965544f39336f55513662546c3277246d4b6e31793673374b6d502f784a3247374a6733666c38464975387a6964674a694e66504f706362414951', 1772600767000000);
INSERT INTO authkit_stored.authkit_credentials VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'password', '019cb73d-3218-7b38-828c-3ce55f911b31', '019cb73d-3218-7b38-828c-3ce55f911b31', '\x246172676f6e32696424763d3139246d3d382c743d312c703d31244e483979395473454f33376c344f6c6b502b53556c51245167336e6b623273326a413439773046576441783744484a68796c564f463576365649564a636b3933584d', 1772600767000000);
INSERT INTO authkit_stored.authkit_credentials VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'oauth', 'http://127.0.0.1:33489 cat-at-corp', '019cb73d-3218-74e9-bd2c-46d14c041090', '\x7b2270726f7669646572223a22636f7270222c22656d61696c223a22636174406578616d706c652e636f6d227d', 1772600767000000);
INSERT INTO authkit_stored.authkit_credentials VALUES ('019cbc63-8e18-74c2-81ab-dfa8f5dc9054', 'password', '019cbc63-8e18-70ea-9f36-843efdc27d93', '019cbc63-8e18-70ea-9f36-843efdc27d93', '\x246172676f6e32696424763d3139246d3d382c743d312c703d3124626357784d2b32314d32426e357157794f796e38566724393831575472306a78304839506648355441677767664f4e2b44687769454561705a365133574a4a653930', 1772687167000000);
INSERT INTO authkit_stored.authkit_credentials VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'undo', '_CWfC7QQjDPYNF9d8wtLeTUWAZpC0g4erRlkJ_ljLZo', '019cbc63-8e18-7f0e-87d2-558f631be104', '\x01b917ed642ed3e90d3704e96f90b5ae4a690fc312086a7dbb4b1ece23654fda9f93c3285b9412e298e07af32570a11ae300ce1c75ecf56fe70b95d0310f2e3565b409d69cdb32d81d89e47af21bca4815d31a1cf4ef32754510c57ae478c468f3d683ddbd00450eb618252cf59209257b52820e329d72bc2d49ed9687610b4b4dd8dc64', 1772687167000000);
INSERT INTO authkit_stored.authkit_credentials VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'password', '019cbc64-7878-7631-9ef0-da99a66159e3', '019cbc64-7878-7631-9ef0-da99a66159e3', '\x246172676f6e32696424763d3139246d3d382c743d312c703d31245a76655264584f4b6c444a447054306f77436b3279772476633954446d677137415642776448424667556e37557356334c415736746c7342526d567a7134392b5a59', 1772687227000000);


--
-- Data for Name: authkit_events; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_events VALUES ('00000000-0000-7000-8000-000000000000', '019cb73d-3218-75a6-ba87-947cc4d6ef13', '019cb73d-3218-7a00-9b85-2e8b1ed0df69', 1772600767000000, 'user.create', 'host', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-7957-b7b8-ec3a5818ef1d', '00000000-0000-0000-0000-000000000000', 1772600767000000, 'app.create', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-7bcb-bb40-d44c92413da2', '00000000-0000-0000-0000-000000000000', 1772600767000000, 'app.change', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', 'redirect_urls, origins', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-7048-b745-cbaac77acf0f', '00000000-0000-0000-0000-000000000000', 1772600767000000, 'oauth_config.put', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', 'corp', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-7fc7-8019-c7aa4f30855b', '019cb73d-3218-7b38-828c-3ce55f911b31', 1772600767000000, 'user.create', '', '192.0.2.1', 'ok', 'credentials', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-72f3-ab53-01c61e01ae5c', '019cb73d-3218-7b38-828c-3ce55f911b31', 1772600767000000, 'email.send', '', '192.0.2.1', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-7778-b70e-8f3616a089aa', '019cb73d-3218-7b38-828c-3ce55f911b31', 1772600767000000, 'email.verify', '', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-7835-a522-72a15b8189dc', '019cb73d-3218-74e9-bd2c-46d14c041090', 1772600767000000, 'user.create', '', '192.0.2.1', 'ok', 'oauth', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-79bb-a863-57446c8577ad', '00000000-0000-0000-0000-000000000000', 1772687167000000, 'api_key.create', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-7049-b80c-a3e25ecdf03e', '00000000-0000-0000-0000-000000000000', 1772687167000000, 'api_key.revoke', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-7ce2-8db0-9e4143b87171', '00000000-0000-0000-0000-000000000000', 1772687167000000, 'api_key.create', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-7929-bd34-a164149b4205', '00000000-0000-0000-0000-000000000000', 1772687167000000, 'signing_key.create', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-72f8-b3c1-a64158808df2', '00000000-0000-0000-0000-000000000000', 1772687167000000, 'app.change', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', 'signing_alg', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-7af5-87b2-525b8d710052', '00000000-0000-0000-0000-000000000000', 1772687167000000, 'signing_key.create', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-77d6-97a1-c50fd1bd0668', '00000000-0000-0000-0000-000000000000', 1772687167000000, 'app.change', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', 'signing_alg', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-7ded-b29b-9ee09b981e6b', '00000000-0000-0000-0000-000000000000', 1772687167000000, 'signing_key.create', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cbc63-8e18-74c2-81ab-dfa8f5dc9054', '019cbc63-8e18-7b6a-b408-7894812d62c6', '00000000-0000-0000-0000-000000000000', 1772687167000000, 'app.create', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cbc63-8e18-74c2-81ab-dfa8f5dc9054', '019cbc63-8e18-7a95-bae1-1f9fa2450eff', '00000000-0000-0000-0000-000000000000', 1772687167000000, 'app.change', 'console:019cb73d-3218-7a00-9b85-2e8b1ed0df69', '', 'ok', 'session_mode', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cbc63-8e18-74c2-81ab-dfa8f5dc9054', '019cbc63-8e18-77aa-a2d7-25ff1f7ad676', '019cbc63-8e18-70ea-9f36-843efdc27d93', 1772687167000000, 'user.create', '', '192.0.2.1', 'ok', 'credentials', '019cbc63-8e18-7862-abb1-46ef26c20fc1', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-7d57-ad08-5936612aeacd', '019cbc63-8e18-7fde-845f-72050f3b10dd', 1772687167000000, 'user.create', 'host', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-7a24-8ea7-864fa4e2eda2', '019cbc63-8e18-7fde-845f-72050f3b10dd', 1772687167000000, 'email.change', '', '192.0.2.1', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-738b-a9c0-ddce2c2617a0', '019cbc63-8e18-7f0e-87d2-558f631be104', 1772687167000000, 'user.create', 'host', '', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-711e-9d43-215ee61c8a1f', '019cbc63-8e18-7f0e-87d2-558f631be104', 1772687167000000, 'email.change', '', '192.0.2.1', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-7b3d-adc4-6fa20222b04d', '019cbc63-8e18-7f0e-87d2-558f631be104', 1772687167000000, 'email.confirm', '', '192.0.2.1', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-75fc-8b82-97574dec7b9a', '019cb73d-3218-7b38-828c-3ce55f911b31', 1772687167000000, 'session.start', '', '192.0.2.1', 'ok', 'credentials', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-7f3a-ab78-8616256b6871', '019cb73d-3218-7b38-828c-3ce55f911b31', 1772687227000000, 'session.start', '', '192.0.2.1', 'ok', 'credentials', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-79d4-8ba1-b0c7bbe13933', '00000000-0000-0000-0000-000000000000', 1772687227000000, 'link.request', '', '192.0.2.1', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-7c22-9b2f-d394a39fc78c', '00000000-0000-0000-0000-000000000000', 1772687227000000, 'link.request', '', '192.0.2.1', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-77a4-adc5-929869a8c77c', '00000000-0000-0000-0000-000000000000', 1772687227000000, 'password.forgot', '', '192.0.2.1', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-7817-a925-b70f387d2f6c', '019cbc64-7878-7631-9ef0-da99a66159e3', 1772687227000000, 'user.create', '', '192.0.2.1', 'ok', 'credentials', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-73d9-984d-a6d766924b0e', '019cbc64-7878-7631-9ef0-da99a66159e3', 1772687227000000, 'email.send', '', '192.0.2.1', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-75a7-a6ce-6c38f7c82407', '00000000-0000-0000-0000-000000000000', 1772687227000000, 'link.request', '', '192.0.2.1', 'ok', '', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-7bdd-97b3-5c4c009405d4', '019cbc64-7878-70af-89d6-16b914dd1915', 1772687227000000, 'user.create', '', '192.0.2.1', 'ok', 'magic_link', '', NULL);
INSERT INTO authkit_stored.authkit_events VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-7360-8c03-40dbf835d43c', '00000000-0000-0000-0000-000000000000', 1772687227000000, 'link.request', '', '192.0.2.1', 'ok', '', '', NULL);


--
-- Data for Name: authkit_limits; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_limits VALUES ('019cbc63-8e18-74c2-81ab-dfa8f5dc9054', 'signup/ip/sk30P1ZXQdH0rS_cyW7Axw', 1772687347000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'mail/email/MTsH_NEzi1ayVurIpWjssw', 1772687887000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('00000000-0000-7000-8000-000000000000', 'mail/all/h26ZiQqX_n85jrttUx2nlQ', 1772687527000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'mail/email/C9hbAGS1lKC5jBB_twyb9A', 1772687887000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('00000000-0000-7000-8000-000000000000', 'mail/all/LZDj0lSwMcBPbQXKZPXqXQ', 1772687527000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('00000000-0000-7000-8000-000000000000', 'mail/all/PcXfVY0e9vAdO1ZVlBX5Jg', 1772687527000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'credentials/email/eZYPdPQj07qy_5ODm4_9wg', 1772687233000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'mail/email/sBQlPODowoKjqmW0-YW-fQ', 1772687947000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('00000000-0000-7000-8000-000000000000', 'mail/all/mJPy2GrM9luHVvV9JVtSeg', 1772687587000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'mail/email/_sZran5RM3iEYAelbwkyIA', 1772687947000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('00000000-0000-7000-8000-000000000000', 'mail/all/V36Cmv7g3WDmxeE5uu0qpQ', 1772687587000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'mail/email/EAGZwaF3bkNi-FhzY8QY9A', 1772687947000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'credentials/email/c0VcOMzy4YkC1JbLvAeuEg', 1772687233000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'mail/owner/iChCUkT7HykVy4qbTh7hHg', 1772687947000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('00000000-0000-7000-8000-000000000000', 'mail/all/iR2uSX_CHTHIAz18ORZ9gQ', 1772687587000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'mail/email/eLJ0AwStJ2bXducUcmjfaw', 1772687947000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('00000000-0000-7000-8000-000000000000', 'mail/all/WHPNw0rwZyWDbNEgaS24Qg', 1772687587000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'signup/ip/sk30P1ZXQdH0rS_cyW7Axw', 1772687587000000);
INSERT INTO authkit_stored.authkit_limits VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'mail/email/kQ-T4JpfY9Je3i4k83mi6w', 1772687947000000);


--
-- Data for Name: authkit_migrations; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_migrations VALUES ('0001_init.sql', '27f0bdaade4c266570f4d3724bebc936fdaa6fc5c62ab92eeee1d80fe8ee3d7a');


--
-- Data for Name: authkit_oauth; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_oauth VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'corp', 'stored', '\x015acf0e542be041f4d98f2f4118b5674d3eadb29bafe57227dc22677d2cbd3deb5a242289068867d5d9d7ed8d47de204818d4f8ea1ee65ccbc8acb73cd0b1d2e355627610cf28246d29b7bc71adee47d050523b', 'http://localhost:8080/id/auth/callback/corp/019cb73d-3218-7509-8b04-aa3746559b45', 'null', 'http://127.0.0.1:33489', 1, 1, 1, 1772600767000000);


--
-- Data for Name: authkit_outbox; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_outbox VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-719d-baca-1278c2989c0b', '\x01b917ed642ed3e90d8b7e7e742e7f8d5ba253a2b27fe34d451f59e39d67928ed02a797f19457fb2faec0461a95505e657e9fc894bb3e6d0110d8d4535c24347d65b6a54814487c18230613e383145121533124cefe5ff199b1c5e7394a1e342b1ae73a03774c8b93859c345b410cec8eac0a87a08d17db9f5e0519fab5d8f961e89c6e530cc6aea47a0c7699475c1b1e2b66405ed9bb2b9cfffe53792f8328f76e9d7a782c7c47f7e1b840ebccbd9d6cfa650d166c77fed3a2f6ec6640acdc441c3d2265b6d816c909a9b4a5d42052ad8efd67772f9317d58f4434db9bde39b60f631e80ad9607f84882bed27a89f02f0c642a0eb7e938544f4ed20a94e52b8fefd7f811a160fa489fd39235d6733793c013fabe52b194d98cf479301192649c36c9da6ab7c0c991d0a2ee7cd31a5529893a2009408abb754fc287bb164fd5ae57023d745b99312afab32759c49e20a7fc9a977a789867422c7a4411efaa6d03acf0b96319fb8def0d9f02beb52a371b56f4a7ca1a3c2154252f2060f2d13808b7dd72569e61f135dd7086ca87d9e3a8f35a2c4ad9757acb975c3dc6063d07369aff4427ae36040ad40c2a4abd43c1f63bf363fd2f3298124ee43b1aad7e25d94e9bc9d7fd8a807a4915b8c25bcc4bedd9c20f88147a2598545be2c439b38', 1772687227000000, 1772687827000000, 0);


--
-- Data for Name: authkit_sessions; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_sessions VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-709a-9b0e-557ff61035fd', '019cb73d-3218-7b38-828c-3ce55f911b31', 1, '\x4c41159eef3407aea587429d6ead9af1d0ec02ae137f24a71bc240cb26740b1f', '\x399d2bfa722f1a74eccc55a037abafe53da2ff9fa019fe391ab2e3435ed02a07', NULL, NULL, 0, NULL, NULL, 0, 1772600767000000, 1772600767000000, 1772600767000000, 1773810367000000, 1780376767000000, 0, '["pwd"]', 'stored', '192.0.2.1');
INSERT INTO authkit_stored.authkit_sessions VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-7dec-8e69-1b3101fafe34', '019cb73d-3218-74e9-bd2c-46d14c041090', 1, '\xa2f6c0cc1ce23821f0fbbd253ce72b9be62e055e2562d631c6498a22491d6b4d', '\xe38cced2f57918843743f2dc50fa9a740b5a316cda1e2257fae55c2e53adbdd0', NULL, NULL, 0, NULL, NULL, 0, 1772600767000000, 1772600767000000, 1772600767000000, 1773810367000000, 1780376767000000, 0, '["fed"]', 'stored', '192.0.2.1');
INSERT INTO authkit_stored.authkit_sessions VALUES ('019cbc63-8e18-74c2-81ab-dfa8f5dc9054', '019cbc63-8e18-7864-bb35-c738e0bfd642', '019cbc63-8e18-70ea-9f36-843efdc27d93', 1, '\xcc65083f6a17b6ae7500cfaebe539dfbd45c6213d0273fcb22597870de21f8d5', '\xb500218d074760577a15c8662325ad4be55f902bb23da37380d21e9466ade651', NULL, NULL, 0, NULL, NULL, 0, 1772687167000000, 1772687167000000, 1772687167000000, 1773896767000000, 1780463167000000, 0, '["pwd"]', '', '192.0.2.1');
INSERT INTO authkit_stored.authkit_sessions VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-76e6-bafe-65aaea389871', '019cb73d-3218-7b38-828c-3ce55f911b31', 1, '\x04fbfc3cc3beb85176f87a760ca9b7d017637a1195770393111073548da32f4a', '\x91913111f551e17504632c5467dc0782dc1e32c249bbf080376c4e1d47171d06', '\x2efaa7b73e4bbe4e6ca86df3948ff6ad1613dca178fb7c83a41000277dd89564', '\x01cc94cfd4b3df17d5c54d80fc5e40e5df10c58d58a03a252dc5a843da8e0c2e7152e5500a2bd51147181f9d64d928c11fc0b25d5f31671801f66194d3d3a3eee81e672d1a32f940e2b733f72a7cf32180d054a3d3e6fcf8059df6e408938e45c1', 1772687167000000, NULL, NULL, 0, 1772687167000000, 1772687167000000, 1772687167000000, 1773896767000000, 1780463167000000, 0, '["pwd"]', 'stored', '192.0.2.1');
INSERT INTO authkit_stored.authkit_sessions VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-7ee3-8880-220593057045', '019cb73d-3218-7b38-828c-3ce55f911b31', 1, '\x350d836e17196ea0c6950ca23530346d5e2eec4ac71d1d0619fbe0af0c10d606', '\x7deff295fc046c84bfd506340bf52d88e7c8376b272ca0bb2eff29d76fb2a283', '\xe3a85ddcbc9c437f7ba2c1012b96b193e07631ef7b11e696ce9b70c25e53152d', '\x0149e5f1c46a7769c8b8d10f62b4e7b86a5eef8140c464084090f321d6290a119106b7f3e13b088bc070c4b3cdc5aeccf757e7fe321bc8595e453814fff5ca718a37e0d0c1736c5ca0d69276445032ed69a059d1fb2b07340f90eb90095628e556', 1772687227000000, NULL, NULL, 0, 1772687227000000, 1772687227000000, 1772687227000000, 1773896827000000, 1780463227000000, 0, '["pwd"]', 'stored', '192.0.2.1');
INSERT INTO authkit_stored.authkit_sessions VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-754a-8777-d239ef5d9209', '019cbc64-7878-7631-9ef0-da99a66159e3', 1, '\xc55e027fdb20859e264f027c5a337fa61c17c84bc21a38f0fc01743d333406ad', '\x361bf7379d5825597c4bd0a88fc3ab8cc8ee0fb0844f22384f048acfdff849c8', NULL, NULL, 0, NULL, NULL, 0, 1772687227000000, 1772687227000000, 1772687227000000, 1773896827000000, 1780463227000000, 0, '["pwd"]', 'stored', '192.0.2.1');
INSERT INTO authkit_stored.authkit_sessions VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-76a0-adf0-79c3c1f00d58', '019cbc64-7878-70af-89d6-16b914dd1915', 1, '\x079b05788fa005991136a22a6adbefaa4e3fe092e69277a95214044af9aac328', '\x885fde25f818c4362aa19c346659559a3d31b0b67d305ce9f97348b6c91f41be', NULL, NULL, 0, NULL, NULL, 0, 1772687227000000, 1772687227000000, 1772687227000000, 1773896827000000, 1780463227000000, 0, '["otp"]', 'stored', '192.0.2.1');


--
-- Data for Name: authkit_signing_keys; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_signing_keys VALUES ('00000000-0000-7000-8000-000000000000', 1, 'jVHqkNtzWKj42MTdROANW1vI6LpMkcr_L55LzPduzJA', 'ES256', '\x3059301306072a8648ce3d020106082a8648ce3d03010703420004c4a858d6c72129bdbd2f4a6c0412cfe9fbde2086474e2172c5bc45046924360aafa24f278c25cc7d9c39b71eae3aea11b2f5c14f3e3bcbbd854a655dc8756904', '\x015acf0e542be041f4c13749d691ef34ab4ad8c581756d6616938669cfd81409f31533cae43108e2a0a2b7fa8069dd3eaef2bedbcbd3410c5bdc3d07c489bbd76ed61835358bf1a14b502164a3a0b9e4652f683791f17d4abf9e506d186c542484974eb3ebbef28ef8653b8c1258a16b3674572ee608cb639c7bca5d86b2b43b83e65323660fa05ede11e62b3b78b5f12c495cbda596e6bcd7d866ff58ca5a7dce4c67c8a19a777082b6d6489a16304bf083e51030b171b8223ff2', 1772600767000000, 0);
INSERT INTO authkit_stored.authkit_signing_keys VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 1, 'OAGWHa4yjejXpnnNyZ1a3ZtcpwBh2I9Ltw-fFjPba00', 'ES256', '\x3059301306072a8648ce3d020106082a8648ce3d030107034200043835279770562d2a894d5527f11495c658bd462de3e628077a7e041f1aa1d3c1e56eed153e8cb1e56a76bc99bb9eb1c7b53a2a3150671a0c32346917c2d5c1a9', '\x015acf0e542be041f464599f79a48db91e913206517fa109a10c6a50591084258fdd6eccc1959bf7230f4ba2b63a71a40ad0e5ad6b5433190b686779637987ad01a4d76dd95bea169b8c3ed43079dc9ca524ff56aeac5995cc0ca2eed838565463be551d799715bc16e288d68a98c54f09b9c8e89647185b3c702492a30c305cdc42a16a2d834f7cec93d1208f143bb93287eda11d77888eda204b5b36ce6bfe38f9c4e2ef6ffb5b332b2dfb91799c8eb4ff272d43afe98ba4d3ad', 1772600767000000, 0);
INSERT INTO authkit_stored.authkit_signing_keys VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 2, 'FrBBKuC7sa19L50gqc1Kx45CYDOHyoj8mK19l3FyDaA', 'ES256', '\x3059301306072a8648ce3d020106082a8648ce3d0301070342000469dd9ec1686b340ba975126c5370d0e98da67bc7f4966af056f0c8f8f4a45de2c786af571fc28d63555d2ed311af88697569746534c0148d38b76f8dd3815afc', '\x01b917ed642ed3e90d2402187c324f6debc02dfc4b3c4e20ea954613fd5976433301a9e6e96c85ef47489b3c9b437eebc5e000e48fdb577461bc588c505e4bfe11530907f7102312cf04656304bfdb1a53bb704d99bc79a4dae33ea6131bfb793c21ce67cb37192825eb1020da18df96ecc0feeea8b667326d5268f77affc8acbe57010c41f90da06afade805cf0f7346b79ac5f6f23355317c6f7c8919f945c17545ed6f1262becfc5457185a8bd460c5e5907b8740666c427528', 1772688067000000, 0);
INSERT INTO authkit_stored.authkit_signing_keys VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 3, '5goG_sqvyYjSHmvq8lcLCAfzltvUtfky8T6xzyeoun0', 'EdDSA', '\x302a300506032b65700321004a71a480f79b7dd2328800f4d618400381e0e44932b76dbe02a4eef6416be03b', '\x01b917ed642ed3e90ddcbd84fd323a0ea255048c03c8059d06aa68ae81d7603e50d74310e01a78a60a9d0d90ca644f7caa699c72cd28f677e15fbbc6e67bfe4c19521be460448e7e7770f4ae83e6eb5284b41d25a56ec07a653fed861b89433178', 1772688067000000, 0);
INSERT INTO authkit_stored.authkit_signing_keys VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 4, 'PH3ooBF49yC_IcHpzOu-A4zREHXhnIQdPNOqOmQVJ4Q', 'RS256', '\x30820122300d06092a864886f70d01010105000382010f003082010a0282010100f7375373e847830706c34185715e91d1ffd810473ec60901d7a8bd4dff70ebe8962480100bda25d7c5eecd043573f45f7b2300f68466d151c0f03490856bbd19a094bb0e781ca7a6c13523cfd9bfa709bea06824caf2b4a5722dfcacfac4f6e810597dadf8fbe0e9374ba8c1419d8857b2fce4692a6633c343c74e96b598b0f597ffca5a40bfa522d663c4995bd07cc5c4802d5820b327f38da7be2fb81889c212d7efee7307c49271500477f756016a3e21d5c715f4e6754ad0a39d56aaf5203f0b64e715f8c6d14ad6c215e5d0ed5b5bca23b743ce423b692de7377fcb3418b6ff5e8f796a0fc60205f33d6e68a63b828994aa764a95e066335cfa39d2884d0203010001', '\x01b917ed642ed3e90d31cc89cde8e9aad724950364455169bcd0f455a0fa0f96a0db84a175c247fc560845c583874bc7ce9f7b29ea20ec2a58f46561520633bcd9d10332cc0dea3f90969e46e17383f87a073dbc3af6cc8ccef0de75faa3fe1d199797f534e75e28389472ec36de5fb5bd366a629fc3f41a59c3c136ad64d2bc2dd6b43ce674855bda1226cd23b4965ff229d665f9a0cb78f64c66555a7e28349f3c5b21992b0abe8dc06344753119c36acbf015eed79bf60b0ee7745cf5ea6ed71bd2521aefdcaf29a8926acae9c0c03b7c42755ce104bef450b5abeddf01e89bb68a938ce22a5ad183ce7a27c018b8e952f2b123b643f411b39a45b70aea1ec83644064c09aee462d0f6c6d9d393ca6952ef5a7359c13b5b51351bf1ffe1da07d5f77690d518ad97515ce6b0b725fcd5706e9f9002320487b0dc5d53c710a0a6132ccb7ea0413efc8117c0c2db2e69799594452b0e3b1a385c23d37d9b4d110debe1c1fa23c126dd173d6fcb4efe2a7175b7ed71be03f45733e89d93853cbeae83aac05cd654894ad531b3b02e29443875033cc5bcf80a1de3b19aadcb078545bdda8b970ab657dfbf619cae621eca7abf5209e65cb668cfd0503de7db41fe8f3d14a4e1a4efcbaa17bd82cb8171c198fefb7932707d33342a34ef901ba2f7dbffb2888b5cd631f5f9c75a4c1ac7e41ad82e81990aac8c5ddddca57f655609bc70f1b8fd6d187f65cc0ecccba1ef9629ceda9d7d3b21ee16fe7ebe9c2d93065d87846f979f3dd4db634638271ff146613c69368f047d8e140228acc58372f4f1f59be0c550f5cfa823d3f6408f45fd60b7181071b5b3a6f2179bbdf2b3ff4d2aa1911482cad74e39fe519d1b55629747015463cdd9203bd62d3b91528a73caaefdc94f0a69201c12f256484c8819fdfdf61250ad35e730fd8c635fed5252343d4718554ae288dae7e1d1b8aac657d354fc8213914ca6efd530cfe095506b2a0b9cfdcec341b8f4ddbedc496c229fa5fe3a13b0846902e2c17de2af11a7adb909789fcdaa1d080b5b16203ec4a26a7faf739abe1e170209fa7c0ae7ccd3b8554ad85f6addb8899af3db24375b88c144c074efbb1a0e71d05f77e578314bb33dc4c42d06d57d322c124bef04b8748c9facd4e90209317a4263e153d54a4b7c05ceb06352165fc88071a2688756bfeb0e82445da54c592b66366df6375536f6c2492e729919a34575775f7e49368a1ebc1cc760c42cbd74b54ada027608c9e7cc5019ad3edb1f8672399368bd73d7b1399b4a1ae4fed03a9d0f709709b9f3b0b7267a726158ccbf24b1ad55018630d16b980bbd284ebc84201980ab42be91b4ca365d58d07d047a62803a8699cd44600adcde2b11a9accaba8d12c1e377b51a355bf96ae002ba3ff53d9188dce76c7c730adb5932a8a53de8cb7adcef181f3fd40cadfde6653816285c547b72d1cde6f144b7093fb2a1d0fad5d89db5edbe2c2b392db9ac8139a478ffee75e98db380d92b42c7e84a9b4290c8a9a339e81aac461d84969dd4a3f91c4cd76967b634043dba6b41ad9645ecf4435a45a17e29ffc75e3f8834243537da91eb3c23b070a106d39c00133e2171134babccc08bb9dd17dbc10281e8c84299928a3cec253981655e66b1771995ac3a4271d8426f159f8b4acc508454ee27cc070ba842a07841e4efa0a395251d5b12d89efd8e9fe03e8d205d3dec6016af1ff02290b26ae5434b4b12119d048547f8e7e10a38078cc7f10e96b05a64c7cc61d7bfecda9a7fea927e', 1772688067000000, 0);
INSERT INTO authkit_stored.authkit_signing_keys VALUES ('019cbc63-8e18-74c2-81ab-dfa8f5dc9054', 1, '3Sn6BWhY5_G1qV_SFpeZCuaS8xB_XPoU5z1WBnMmPwo', 'ES256', '\x3059301306072a8648ce3d020106082a8648ce3d0301070342000411c85c334f3bcb4c078e438c14589fb3d622fd1c722175aa998b39e5f99b27ff49ed4bba8d2c5fcc088a654f225bb5a3a93b3827b25932d7a17f0788a0749cd3', '\x01b917ed642ed3e90d19d38b9c8f54baf327c298b05ac8264d998a2bef2766cc373fd200583587007d2c45c089430f9d2e6a3e50f140362272ed77325f47e6d47ad9a6882f26c169b8ecf9408c2ce8c79ed417e38bd4768b55785fbeb6828f8f08753b7986c859cd3a09e51dcca7e72838cb0b61a23daa95d509452ebbd5080d20daa9c914feeabc90f22063157c7f8c90a481198bed6c3dfbe32c4c2c22f5614e120cd80a399b6aa877215a5fb03b0acaf4e75163d4a878250a5f', 1772687167000000, 0);


--
-- Data for Name: authkit_tokens; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'link', '7ZX7Uos5HjHXcgPFXqwAEQ', 0, '\x193e9d29c87445ef37da8140a4e2e1319a373fb02eea8717dd94fcf8e0894807', '\x3ec337eeb5dfe76efc99d7789b1a377f5535f133a0daece0e3424141ac92fc7b', '\x591331c17d586f5991f751e87531e7e2f59401798f38914ecdafa6a948533c45', '00000000-0000-0000-0000-000000000000', 0, '\x01b917ed642ed3e90d7d1f6bae5193734d211f895b883676a0a94c3b30756fac8824bca9b2dc3e800ab8a8e6d1ec7bfb0925572aa9d47b31d23cafc8f2e8a93f303e547c55b57559f202d24e5769f3913f663307fa180d6735efc44711e9f0b355fff249eea0385c258415c77241d4996899d77e5860ed59347efa767d9ca9d88b77abfe7009e673dbb6d3881f7d509da7a8d009a3faa41aa3404862e1528428f08c', 1772687827000000, 0, 0);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'change', '_DelNmT4DbF8d394683VMQ', 0, '\x9ab36d7485303ddfb9a434a112b322bf95ab3ea15b1c2deb8fa3d07fd3b1a31d', '\x6b38890e5ab480d30aa457eed03862837ee938699dbe51a9024f6366d7295f07', '\x7713de593ef8cbfddafcffdf2bbcc283cb6118b0ee41682c5ae2af632771bae6', '019cbc63-8e18-7fde-845f-72050f3b10dd', 1, '\x01b917ed642ed3e90d48de458b263fc83806305c71eb6108db4cf3587fc88ebfbb4063ddf86a2b17d73a41268e1caba9cb57dc27b9276fc58460afead65a774c17fc7c56b22d9df976fdf7a6395e0655d7c98ab7a3c5a693c257dc02014ac7554178f62b27223738891f359148783c2dc762c3b5d7b80f3399a3eee63ff9166b675896c21fa9c631b4fbd90052c68d955c4628818a28a2fd692cc182bbdce67edb87eebc0b252034065bd8ae8c935e663880fac47a9c83f86a9e34fa3b1706fc798a', 1772687767000000, 0, 0);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'change', 'qvGx8PyrO-zUDo1O3ScOUQ', 0, '\xfb72e6d12aafbaa5c99bf9413c78e3cb3e74a0d6a311b1518b3e838cb20bf351', '\x4a4050bc8795aedca61567d6c7d2081cc93955f84aa8c8292ab999fda91f3e84', '\xd8039bdc1b271a87289c24891a4757898aad18d8b48ffff76a9192fca9bb64c8', '019cbc63-8e18-7f0e-87d2-558f631be104', 1, '\x01b917ed642ed3e90dfc6219a02dfd3e084dd6bdf6ab96c7195fdc1822a9cec8743a795c0361ce4fad459faab7ffd15909468015aa727eac3a8752f1a31d939e5ca4856ed0d60ec617bdfcd63f22d601ac7e0b31a839726e0bc38173f7b02ccd3feb57ee095a5eb9d3b702edef6299650a620a53ffbae6eed3c496be128465ee03ef2d0d04beb1b1ccd2d418eb7d3d3e9f8e8344557b6785e96bdb8678532ea88ef194b03d5c135aec25e77e367b6e5fe233456ef6aeffe9d8960d800288d71186d7', 1772687767000000, 0, 1772687167000000);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'link', 'vBTcQLoTd2AhGZ5Dt7XGWw', -1, '\x616e63686f7220666f72206af2906575bdfd04f3061e6b355ba8bdd23e72de5ea3c8e171727c3e9f53671b', NULL, NULL, '00000000-0000-0000-0000-000000000000', 0, NULL, 1772687827000000, 0, 1);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'link', 'vBTcQLoTd2AhGZ5Dt7XGWw', 0, '\x6af2906575bdfd04f3061e6b355ba8bdd23e72de5ea3c8e171727c3e9f53671b', '\x2d97f505573fc7d879f1b1106573093bf8b118d34e15922d50000eaad33c7f24', '\xca24cccd68c1c57f557e69a2c71650f014366f731df7cd4ef23f93ddbe65a5b7', '00000000-0000-0000-0000-000000000000', 0, '\x01b917ed642ed3e90dd95e22ce6a1f92278c3c6ae9077ce65ebe60778d9b0daca3a4023729fcce27279c3c3ff0effd2964c2dc1c5c1f2fa055374f0a5b167165f57e313f0e7ea0f5f4a33c094ba686024f695039b50ea1b00046e71d0b2eac31e1c6d8662cf4f591846b7c66077711a899c8dbf15a0f82488f298f4ac0692b18aee1ade1e7c5a7d53d0654040194e16edea3a02d764d4f26f1f9c07a2355ca47b400', 1772687827000000, 0, 0);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'link', 'r1kSYF-vg7PTVAAe1baqbg', -1, '\x616e63686f7220666f72209bc9b80183a668b8e23bb5e01f8b7972d3415b790873bad44f491418d40f398c', NULL, NULL, '00000000-0000-0000-0000-000000000000', 0, NULL, 1772687827000000, 0, 1);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'link', 'r1kSYF-vg7PTVAAe1baqbg', 0, '\x9bc9b80183a668b8e23bb5e01f8b7972d3415b790873bad44f491418d40f398c', '\xd0ca22e846434bc2ac3528710e2784c5771f0c1ee6cc91452e118949d9f90d33', '\x2a688e8504872ad1c54ac313d9b98f54f72b1845c0b0e68b6407c9672460f565', '00000000-0000-0000-0000-000000000000', 0, '\x01b917ed642ed3e90d789d9dad6f9ee88be247eb6b682ba43a8c7df6388e97c0fc3c98b7d259fe56c101cc9c5b851cdf4bcd92644fda7f749aaea7074f43ccc65e4bf16d492f5371e04e2367de588cf7a0b170bc1fec7788a8b93ca9d25a70b3daec5adb13467224133a02f1597b3c98d360307a2509aa9f6ec246554b56a02c6d6ce3a3b5ef717a2d534c4f0c21c011e33191c8c4885118b3da49c882b760181f1e', 1772687827000000, 0, 0);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'reset', 'RbASgQEWSDUja0sreZLayw', 0, '\x36df16eb63e7a28c209e03a5638330a8ae188c4edc57e5533d69fd1763e8e733', '\xe86fdf6743161c9d204457485ce1ca34565cb2f3abdd8ccf928482f5b9724e5f', '\x89ee5ca170de78721671f44aa2894f62e0d219bc3e156da40ac30a5c863dcfd2', '019cb73d-3218-7b38-828c-3ce55f911b31', 1, '\x01b917ed642ed3e90d394a6f54d2c140f353e1b1d0ccbb22c6c903e8fe8bb3f1b1cb842e860247b5592c6a3b19fe0c7e3cd107cd894bd2bd00c5be1c95de821a9e23894ed0c7abd941d7d55b8560a8304f3aa80425d0d01602500231040557bde8f4d63862f339a04cbb4e1041169ebc7bc556b32abace7af21bad84369c8f2fe048634ea0b4eda3fe6b74423a09fd983f20fec950287f42d7378206c7b329769127', 1772689027000000, 0, 0);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'verify', 't2crlKzzixjlqoqOA5sHTA', -1, '\x616e63686f7220666f722083a54fba9ec212cbc0902eda25ac1bf3e072cdb9bbbe1cc909828d345464f012', NULL, NULL, '00000000-0000-0000-0000-000000000000', 0, NULL, 1772687827000000, 0, 1);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'verify', 't2crlKzzixjlqoqOA5sHTA', 0, '\x83a54fba9ec212cbc0902eda25ac1bf3e072cdb9bbbe1cc909828d345464f012', '\x1c60991089ce7d4c324bae9c335a2febda8507d4180c43b8ebf10acdd8a77bc9', '\x108c0c090a284d3b9281ed13392fcd87489e3c407384e644c5a7d5057bc17927', '019cbc64-7878-7631-9ef0-da99a66159e3', 1, '\x01b917ed642ed3e90d4d4d3709c866869261c70d0dfd3683ae13f2c2f0130c8c5daa31b155c6d04d0e23554837753b82b55d67efb2a84af7d310e085faad2c2a1b2c541b2151fb34209b6dffa1dc5ca8a4853481bcb07a8d77c9221da6737ee5099e7a98c4d924cb61afb4f44bd0a1be06e52a039fd712e139e9f9a6a8a825533930bc93e35f0aa51c127ee730c55e08a7092ef81a0f89ff7c9ef67af81c601ab30a', 1772687827000000, 0, 0);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'link', '7dGYtYzWCnvJ8DwLbt6Dfw', -1, '\x616e63686f7220666f72207a4ee454f86a8f9dba2ba879fc35518b7a7919c05aa3954747eb7325b61bb125', NULL, NULL, '00000000-0000-0000-0000-000000000000', 0, NULL, 1772687827000000, 0, 1);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'link', '7dGYtYzWCnvJ8DwLbt6Dfw', 0, '\x7a4ee454f86a8f9dba2ba879fc35518b7a7919c05aa3954747eb7325b61bb125', '\xfb58bb813e8d45ac3abb6dfb004307655cffb7b13c7d094d136c8ac391bf939e', '\x013e6e3eaa8e3d0ff4ccc3f500bec64daf01194b0a32acd528bc8a31c4cb2bb5', '00000000-0000-0000-0000-000000000000', 0, '\x01b917ed642ed3e90d960e3bbab043f4728d72d94f31dcd38719f46e84371f78dd4c2f49ef6288270e28d2fd6df0e1178df51af08cdb3f636a9889bbf86eb4d8f94f369e563a5ded4241123ada85ac7554d537d87f20701905c6f9cf03d405845e9a44048c5261e02155ad8d3ec68962345bd39d2cc73d4835d68d00138afa26e0d4e437ff9d22ede567b97066e51fa6137d5c7e06fdf04b72d38f397ae1e24dd40c788d6fb6c400f00c6a89a3997cb0cc77b375a8fb87d3563894efbd196ddeb31df0e065134cc5299769e0a873', 1772687827000000, 0, 1772687227000000);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'code', 'X_kMZIF6fmUUb2hSjw_MFs9DTDj3vZWG1nOW8_WCXXo', 0, '\x5ff90c64817a7e65146f68528f0fcc16cf434c38f7bd9586d67396f3f5825d7a', '\x425108282aeedbe90747b7b93af706e79e973d06715a0942146368faef8caa0a', NULL, '019cbc64-7878-70af-89d6-16b914dd1915', 1, '\x01b917ed642ed3e90d7927f50ce45427c6cc6c5370adb02bf8fc40b33f7f63341a1e308d82bcac62b14202ebbdad7abd91fa66625b38cd1437e36cbb2f8c8a88c00824dcb6dbfe8a255492ea3b30c16b027a77af9c7dcc73ed56fd0fb768fd15595fad2330392e915cc5c05ec44dcbfecfc26f587662ecf5a2310f83968a460e0c1a5d251988a1b769158c26871b584858', 1772687287000000, 0, 0);
INSERT INTO authkit_stored.authkit_tokens VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', 'link', '7ZX7Uos5HjHXcgPFXqwAEQ', -1, '\x616e63686f7220666f7220193e9d29c87445ef37da8140a4e2e1319a373fb02eea8717dd94fcf8e0894807', NULL, NULL, '00000000-0000-0000-0000-000000000000', 0, NULL, 1772687827000000, 0, 1);


--
-- Data for Name: authkit_users; Type: TABLE DATA; Schema: authkit_stored; Owner: -
--

INSERT INTO authkit_stored.authkit_users VALUES ('00000000-0000-7000-8000-000000000000', '019cb73d-3218-7a00-9b85-2e8b1ed0df69', 'dev@example.com', 'dev@example.com', '', '', 'credentials', 1, 0, '', 1, 1, 0, 1772600767000000);
INSERT INTO authkit_stored.authkit_users VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-74e9-bd2c-46d14c041090', 'cat@example.com', 'cat@example.com', 'Cat', 'cat', 'oauth', 1, 0, '', 1, 1, 1772600767000000, 1772600767000000);
INSERT INTO authkit_stored.authkit_users VALUES ('019cbc63-8e18-74c2-81ab-dfa8f5dc9054', '019cbc63-8e18-70ea-9f36-843efdc27d93', 'ivy@example.com', 'ivy@example.com', '', '', 'credentials', 0, 0, '', 1, 1, 1772687167000000, 1772687167000000);
INSERT INTO authkit_stored.authkit_users VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-7fde-845f-72050f3b10dd', 'gil@example.com', 'gil@example.com', '', '', 'magic_link', 1, 0, '', 1, 1, 0, 1772687167000000);
INSERT INTO authkit_stored.authkit_users VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc63-8e18-7f0e-87d2-558f631be104', 'hal-new@example.com', 'hal-new@example.com', '', '', 'magic_link', 1, 0, '', 2, 1, 0, 1772687167000000);
INSERT INTO authkit_stored.authkit_users VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cb73d-3218-7b38-828c-3ce55f911b31', 'ann@example.com', 'ann@example.com', '', '', 'credentials', 1, 0, '', 2, 1, 1772687227000000, 1772600767000000);
INSERT INTO authkit_stored.authkit_users VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-7631-9ef0-da99a66159e3', 'dan@example.com', 'dan@example.com', '', '', 'credentials', 0, 0, '', 1, 1, 1772687227000000, 1772687227000000);
INSERT INTO authkit_stored.authkit_users VALUES ('019cb73d-3218-7509-8b04-aa3746559b45', '019cbc64-7878-70af-89d6-16b914dd1915', 'kim@example.com', 'kim@example.com', '', '', 'magic_link', 1, 0, '', 1, 1, 1772687227000000, 1772687227000000);


--
-- Name: authkit_api_keys authkit_api_keys_app_id_hash_key; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_api_keys
    ADD CONSTRAINT authkit_api_keys_app_id_hash_key UNIQUE (app_id, hash);


--
-- Name: authkit_api_keys authkit_api_keys_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_api_keys
    ADD CONSTRAINT authkit_api_keys_pkey PRIMARY KEY (app_id, key_id);


--
-- Name: authkit_apps authkit_apps_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_apps
    ADD CONSTRAINT authkit_apps_pkey PRIMARY KEY (app_id);


--
-- Name: authkit_credentials authkit_credentials_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_credentials
    ADD CONSTRAINT authkit_credentials_pkey PRIMARY KEY (app_id, kind, subject);


--
-- Name: authkit_events authkit_events_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_events
    ADD CONSTRAINT authkit_events_pkey PRIMARY KEY (app_id, event_id);


--
-- Name: authkit_limits authkit_limits_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_limits
    ADD CONSTRAINT authkit_limits_pkey PRIMARY KEY (app_id, limit_key);


--
-- Name: authkit_migrations authkit_migrations_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_migrations
    ADD CONSTRAINT authkit_migrations_pkey PRIMARY KEY (version);


--
-- Name: authkit_oauth authkit_oauth_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_oauth
    ADD CONSTRAINT authkit_oauth_pkey PRIMARY KEY (app_id, provider);


--
-- Name: authkit_outbox authkit_outbox_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_outbox
    ADD CONSTRAINT authkit_outbox_pkey PRIMARY KEY (app_id, mail_id);


--
-- Name: authkit_sessions authkit_sessions_app_id_family_key; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_sessions
    ADD CONSTRAINT authkit_sessions_app_id_family_key UNIQUE (app_id, family);


--
-- Name: authkit_sessions authkit_sessions_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_sessions
    ADD CONSTRAINT authkit_sessions_pkey PRIMARY KEY (app_id, session_id);


--
-- Name: authkit_signing_keys authkit_signing_keys_app_id_kid_key; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_signing_keys
    ADD CONSTRAINT authkit_signing_keys_app_id_kid_key UNIQUE (app_id, kid);


--
-- Name: authkit_signing_keys authkit_signing_keys_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_signing_keys
    ADD CONSTRAINT authkit_signing_keys_pkey PRIMARY KEY (app_id, seq);


--
-- Name: authkit_tokens authkit_tokens_app_id_kind_hash_key; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_tokens
    ADD CONSTRAINT authkit_tokens_app_id_kind_hash_key UNIQUE (app_id, kind, hash);


--
-- Name: authkit_tokens authkit_tokens_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_tokens
    ADD CONSTRAINT authkit_tokens_pkey PRIMARY KEY (app_id, kind, slot, place);


--
-- Name: authkit_users authkit_users_app_id_email_key; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_users
    ADD CONSTRAINT authkit_users_app_id_email_key UNIQUE (app_id, email);


--
-- Name: authkit_users authkit_users_pkey; Type: CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_users
    ADD CONSTRAINT authkit_users_pkey PRIMARY KEY (app_id, user_id);


--
-- Name: authkit_apps_deleted; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_apps_deleted ON authkit_stored.authkit_apps USING btree (app_id) WHERE (deleted_at <> 0);


--
-- Name: authkit_apps_name; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE UNIQUE INDEX authkit_apps_name ON authkit_stored.authkit_apps USING btree (developer, name_key) WHERE (deleted_at = 0);


--
-- Name: authkit_credentials_user; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_credentials_user ON authkit_stored.authkit_credentials USING btree (app_id, user_id);


--
-- Name: authkit_events_at; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_events_at ON authkit_stored.authkit_events USING btree (app_id, at DESC, event_id DESC);


--
-- Name: authkit_events_user; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_events_user ON authkit_stored.authkit_events USING btree (app_id, user_id, at DESC);


--
-- Name: authkit_limits_expiry; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_limits_expiry ON authkit_stored.authkit_limits USING btree (tat);


--
-- Name: authkit_outbox_due; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_outbox_due ON authkit_stored.authkit_outbox USING btree (due_at);


--
-- Name: authkit_outbox_expiry; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_outbox_expiry ON authkit_stored.authkit_outbox USING btree (expires_at);


--
-- Name: authkit_sessions_ended; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_sessions_ended ON authkit_stored.authkit_sessions USING btree (ended_at);


--
-- Name: authkit_sessions_expiry; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_sessions_expiry ON authkit_stored.authkit_sessions USING btree (idle_until);


--
-- Name: authkit_sessions_until; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_sessions_until ON authkit_stored.authkit_sessions USING btree (until_at);


--
-- Name: authkit_sessions_user; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_sessions_user ON authkit_stored.authkit_sessions USING btree (app_id, user_id, created_at);


--
-- Name: authkit_tokens_expiry; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_tokens_expiry ON authkit_stored.authkit_tokens USING btree (expires_at);


--
-- Name: authkit_tokens_user; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_tokens_user ON authkit_stored.authkit_tokens USING btree (app_id, user_id);


--
-- Name: authkit_users_created; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_users_created ON authkit_stored.authkit_users USING btree (app_id, created_at DESC, user_id DESC);


--
-- Name: authkit_users_method; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_users_method ON authkit_stored.authkit_users USING btree (app_id, auth_method, created_at DESC, user_id DESC);


--
-- Name: authkit_users_name; Type: INDEX; Schema: authkit_stored; Owner: -
--

CREATE INDEX authkit_users_name ON authkit_stored.authkit_users USING btree (app_id, name_key);


--
-- Name: authkit_credentials authkit_credentials_app_id_user_id_fkey; Type: FK CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_credentials
    ADD CONSTRAINT authkit_credentials_app_id_user_id_fkey FOREIGN KEY (app_id, user_id) REFERENCES authkit_stored.authkit_users(app_id, user_id) ON DELETE CASCADE;


--
-- Name: authkit_sessions authkit_sessions_app_id_user_id_fkey; Type: FK CONSTRAINT; Schema: authkit_stored; Owner: -
--

ALTER TABLE ONLY authkit_stored.authkit_sessions
    ADD CONSTRAINT authkit_sessions_app_id_user_id_fkey FOREIGN KEY (app_id, user_id) REFERENCES authkit_stored.authkit_users(app_id, user_id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--


