import Domain
import Postgres
import Store
import TestSupport

/// What most tests here start from.
enum Fixture {
    /// Classes, a template and a sender: enough for `martlet.enqueue`.
    static let policy = """
        insert into martlet_data.classes (name, lane, time_to_live, erases_body) values
            ('otp', 0, '5 min', true), ('transactional', 1, '1 day', false), ('marketing', 3, '2 days', false);
        insert into martlet_data.senders (key, default_country, time_zone, is_default) values ('shop', '+86', 'Asia/Shanghai', true);
        insert into martlet_data.templates (key, channel, locale, version, body) values ('parcel', 'sms', 'en', 1, 'On its way');
        """

    /// Message 1 in every table where `Statements.all` looks for it.
    static let messageOne = """
        insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, group_key, variables, producer, created_at, expires_at)
            select n, 1, 1, '+8613800138000', '+8613800138000', 'parcel', 'g', '{"a": 1}', 'shop', now(), now() + interval '1 day' from generate_series(1, 3) n;
        insert into martlet_data.leased (slot, message_id, lane, attempt, burned, resends, deaths, series, session, claim, deadline)
            values (1, 1, 0, 1, 0, 0, 0, 0, 1, 1, now() - interval '1 min');
        insert into martlet_data.ready (slot, seq, message_id) values (1, 1, 2);
        insert into martlet_data.due (slot, due_at, message_id, lane, reason) values (1, now() - interval '1 min', 3, 0, 'retry');
        insert into martlet_data.sessions (id, worker, host, pid, version) values (1, 'w', 'h', 1, '1');
        insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
            values (1, 1, 'p', 1, now(), now(), 1, 1);
        insert into martlet_data.receipts (message_id, kind, attempt, reference) values (1, 'unknown', 1, 'r');
        insert into martlet_data.cap_usage values ('+8613800138000', int8send(1) || int8send(0) || int2send(1::int2) || int2send(1::int2) || int2send(1::int2) || int2send(0::int2));
        insert into martlet_data.suppressions (channel, address, scope, reason) values ('sms', '+8613800138000', 'marketing', 'opt_out');
        insert into martlet_data.consents (recipient_key, channel, purpose, status, method) values ('+8613800138000', 'sms', 'marketing', 'granted', 'web');
        insert into martlet_data.cancellations values (1);
        insert into martlet_data.group_cancellations values ('g', 'shop');
        insert into martlet_data.requeues (message_id, series, expires_at, variables, why) values (1, 1, now(), '{"b": 2}', 'x');
        insert into martlet_data.idempotency_keys values ('shop', 'k', 'x', 1, now() - interval '1 day');
        insert into martlet_data.carrier_ids (folded, id, provider, recipient, message_id, attempt, part, parts) values ('a1', '0A1', 'p', '8613800138000', 1, 1, 1, 2);
        insert into martlet_data.provider_events (provider, kind, payload, reason, next_try) values ('p', 'receipt', '{}', 'no_match', now());
        insert into martlet_data.budget_usage values ('daily', 'EUR', 5, now() - interval '1 hour', now() + interval '1 hour');
        insert into martlet_data.levels (kind, name, figure, value) values ('class', 'otp', 'overdue', 1);
        insert into martlet_data.jobs (action, why, selection, options, messages) values ('discard', 'x', '{}', '{}', 1);
        insert into martlet_data.job_messages (job_id, message_id) select id, 1 from martlet_data.jobs;
        insert into martlet_data.follow_ups (message_id, condition, after, due_at, class, channel, address, template, request_hash)
            values (2, 'not_opened', '1 hour', now() - interval '1 min', 'transactional', 'sms', '+8613800138000', 'parcel', 'x');
        insert into martlet_data.templates (key, channel, locale, version, body, answers, answer_within) values ('ask', 'sms', 'en', 1, '?', '{"yes": ["YES", "Y"]}', '1 h');
        insert into martlet_data.surveys (message_id, attempt, channel, address, sender, template, locale, version, opened_at, until)
            values (4, 1, 'sms', '+8613800138000', 'Shop', 'ask', 'en', 1, now(), now() + interval '1 hour');
        insert into martlet_data.policies (files) values ('{}');
        insert into martlet_data.message_links values (1, '{https://shop.example/}', now() + interval '1 day');
        insert into martlet_data.link_visits (message_id, link, at) values (1, 1, now() - interval '10 seconds');
        update martlet_data.lanes set paused_at = now() where lane = 5;
        """

    static let enqueue = "select martlet.enqueue('transactional', 'sms', '+8613800138000', 'parcel')"
}

extension PQConnection {
    func enqueue(_ count: Int, class name: String = "transactional") async throws {
        try await execute(
            script:
                "select count(martlet.enqueue('\(name)', 'sms', '+8613800138000', 'parcel')) from generate_series(1, \(count))",
            name: "enqueue", within: .seconds(120))
    }

    func ready() async throws -> Int { Int(try await value("select count(*) from martlet_data.ready") ?? "") ?? -1 }
}

extension Database {
    func claim(
        _ limit: Int32, from: Int64 = 0, below: Int64 = .max, part: Int16 = 3, session: Int32 = 1, claim: Int32 = 1
    ) async throws -> ClaimReady.Answer {
        try await run(
            ClaimReady(
                part: part, lane: 1, from: from, below: below, limit: limit, session: session, claim: claim,
                lease: .seconds(30),
                leasedPart: 1))
    }
}
