import Postgres
import TestSupport
import Testing

@Suite("What martlet_gateway may do, object by object", .migratedDatabase)
struct GatewayRoleTests {
    /// Everything that the role may do beyond nothing. r select, a insert (w update, d delete), with their columns where not all; x execute.
    static let expected = """
        martlet_data.address_key(text): x
        martlet_data.apply_keywords(text[],text[],text[],text[]): x
        martlet_data.attempts: r
        martlet_data.audit: a(action object why detail)
        martlet_data.carrier_ids: r a
        martlet_data.channels: r
        martlet_data.classes: r
        martlet_data.confirm_consents(bigint[],text,text[]): x
        martlet_data.dead_letters: r(message_id reason) d
        martlet_data.follow_up_settled_by(text,text): x
        martlet_data.follow_ups: r(message_id condition due_at state) w(due_at variables state why decided_at)
        martlet_data.inbound_texts: r a
        martlet_data.drop_visit(): x
        martlet_data.judge_visits(integer): x
        martlet_data.keep_inbound(text,text,text,text,bytea,smallint,integer,smallint,smallint): x
        martlet_data.link_visits: a(at message_id link machine)
        martlet_data.message_links: r
        martlet_data.messages: r(id class_id channel_id address)
        martlet_data.person_key(text): x
        martlet_data.policies: r
        martlet_data.provider_events: r a
        martlet_data.publish_receipts(text[],bigint[],smallint[],text[],text[]): x
        martlet_data.receipts: r a
        martlet_data.receive_text(text,text,text,text,bytea,smallint,integer,smallint,smallint,text,text,text,bigint,text): x
        martlet_data.suppressions: r(channel address scope lifted_at) a(channel address scope reason)
        martlet_data.surveys: r
        martlet_data.template_stamp(): x
        martlet_data.templates: r(key channel locale version pushed_at answers confirms)
        martlet_data.unicode_label(text): x
        martlet_data.unsubscribe(bigint,text): x
        martlet_data.unusual_address_key(text): x
        """

    private static let walk = """
        with relations as (
            select n.nspname || '.' || c.relname as name, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('martlet', 'martlet_data') and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')),
        rights as (
            select r.name, k.n, case when has_table_privilege('martlet_gateway', r.oid, k.privilege) then k.letter else (
                select k.letter || '(' || string_agg(a.attname, ' ' order by a.attnum) || ')' from pg_attribute a
                where k.has_columns and a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped and has_column_privilege('martlet_gateway', r.oid, a.attnum, k.privilege)) end as may
            from relations r cross join (values (1, 'select', 'r', true), (2, 'insert', 'a', true), (3, 'update', 'w', true), (4, 'delete', 'd', false),
                (5, 'truncate', 'X', false), (6, 'references', 'X', false), (7, 'trigger', 'X', false)) k(n, privilege, letter, has_columns))
        select name || ': ' || string_agg(may, ' ' order by n) from rights where may is not null group by name
        union all
        select p.oid::regprocedure || ': x' from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('martlet', 'martlet_data') and has_function_privilege('martlet_gateway', p.oid, 'execute')
        """

    @Test("it may read and write exactly what is written here, and no body of a message")
    func walk() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let found = try await connection.query(PQCall("walk", Self.walk, prepared: false)).map { try $0.text(0) }
        let expected = Self.expected.split(separator: "\n").map(String.init)
        #expect(Set(found).subtracting(expected).sorted() == [])
        #expect(Set(expected).subtracting(found).sorted() == [])
    }

    @Test(
        "what it may not do is refused",
        arguments: [
            "select variables from martlet_data.messages", "select recipient_key from martlet_data.messages",
            "select * from martlet_data.leased", "select message from martlet_data.dead_letters",
            "select martlet.enqueue('a', 'b', 'c', 'd')", "select martlet.suppress('sms', '+8613800138000')",
            "select martlet.unsuppress('sms', '+8613800138000', 'x')", "update martlet_data.suppressions set lifted_at = now()",
            "delete from martlet_data.suppressions", "delete from martlet_data.provider_events",
            "select * from martlet.message_status", "update martlet_data.message_links set targets = '{}'",
            "select * from martlet_data.link_visits",
            "delete from martlet_data.link_visits",
            "insert into martlet_data.policies (files) values ('{}')",
        ])
    func refused(sql: String) async throws {
        let connection = try await ScratchDatabase.required().connect()
        let error = await #expect(throws: PQError.self) {
            try await connection.execute(script: "set role martlet_gateway; \(sql)")
        }
        #expect(error?.sqlstate == "42501", "\(String(describing: error))")
    }
}
