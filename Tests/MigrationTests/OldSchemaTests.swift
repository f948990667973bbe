import Postgres
import Store
import Synchronization
import TestSupport
import Testing

/// What it does not prove: that the *program* of that day goes on. Its binary is not kept; what runs here are its statements, prepared once per connection before
/// the migration as it prepared them, and the functions of that day, which the numbered files hold.
@Suite("A database of schema 14, as it was before functions and views were objects")
struct OldSchemaTests {
    @Test(
        "with rows in every table, a producer and a worker's statements at work, is brought up: no row is lost, each message is sent once",
        .timeLimit(.minutes(3)))
    func migratedAtWork() async throws {
        let scratch = try await ScratchDatabase.create()
        let store = Database(
            DatabaseOptions(conninfo: scratch.conninfo, applicationName: "migrator", connections: 1, connectTimeout: .seconds(60))
        )
        do {
            let connection = try await scratch.connect()
            try await Self.makeOld(connection)
            try await connection.execute(script: Self.policy)
            try await connection.execute(script: Self.fill)
            #expect(try await Self.emptyTables(connection) == [])
            let before = try await Self.counts(connection)

            let work = OldWork()
            let found = try await withThrowingTaskGroup(of: [Int64].self) { group in
                group.addTask { try await work.produce(try await scratch.connect()) }
                group.addTask { try await work.consume(try await scratch.connect()) }
                let migrator = Migrator(store)
                do {
                    try await eventually(within: .seconds(60), "both are at work") { work.claimed > 20 }
                    let result = try await migrator.up()
                    #expect(result.migrations == Migration.all.dropFirst(14).map(\.name))
                    #expect(result.objects == SQLObject.all.map(\.name))
                    let then = work.claimed
                    try await eventually(within: .seconds(60), "the same sessions go on with the new functions") {
                        work.claimed > then + 50
                    }
                } catch {
                    work.stop()
                    throw error
                }
                #expect(try await migrator.status().misfit == nil)
                work.stop()
                var ids: [Int64] = []
                for try await part in group { ids += part }
                return ids
            }
            let sent =
                "select count(*) || ' ' || count(distinct message_id) from martlet_data.receipts where kind = 'accepted' and provider = 'old'"
            #expect(try await connection.value(sent) == "\(found.count) \(found.count)")
            #expect(try await connection.value("select count(*) from martlet_data.ready where message_id > 1000") == "0")

            let after = try await Self.counts(connection)
            for (table, count) in before where !["ready", "leased"].contains(table) {
                #expect(after[table, default: 0] >= count, "rows of \(table) are gone")
            }
            for view in try await connection.query(
                PQCall("views", "select viewname::text from pg_views where schemaname = 'martlet' order by 1", prepared: false)
            ).map({ try $0.text(0) }) {
                #expect(try await connection.value("select count(v::text) from martlet.\(view) v") != nil, "\(view)")
            }
            // Ids that were given before belong to cluster 0, whatever their bits are.
            try await connection.execute(script: "select martlet.set_cluster(7, 'after all')")
            #expect(try await connection.value("select distinct martlet.cluster_of(id)::text from martlet_data.messages") == "0")
            await connection.close()
        } catch {
            await store.close()
            try await scratch.drop()
            throw error
        }
        await store.close()
        try await scratch.drop()
    }

    /// Schema and bookkeeping as a binary before objects left them.
    static func makeOld(_ connection: PQConnection) async throws {
        try await connection.execute(
            script: """
                create schema martlet_meta; create table martlet_meta.migrations (
                    version int primary key, name text not null, checksum text not null,
                    applied_at timestamptz not null default clock_timestamp(), applied_by text not null default session_user);
                grant usage on schema martlet_meta to public; grant select on martlet_meta.migrations to public
                """)
        for migration in Migration.all.prefix(14) {
            try await connection.execute(script: "begin; \(migration.sql)\n; reset role; commit")
            // Until 0014 checksums were of whole texts.
            try await connection.execute(
                script:
                    "insert into martlet_meta.migrations values (\(migration.version), '\(migration.name)', encode(sha256(convert_to($text$\(migration.sql)$text$, 'UTF8')), 'hex'))"
            )
        }
    }

    private static let policy = """
        insert into martlet_data.classes (name, lane, time_to_live) values ('notification', 2, '1 day');
        insert into martlet_data.senders (key, default_country, time_zone, is_default) values ('shop', '+86', 'Asia/Shanghai', true);
        insert into martlet_data.templates (key, channel, locale, version, body) values ('parcel', 'sms', 'en', 1, 'On its way');
        select martlet.enqueue('notification', 'sms', '+8613800138001', 'parcel', scheduled_at => now() + interval '1 hour', idempotency_key => 'k', group_key => 'g');
        select martlet.suppress('sms', '+8613800138002', 'all');
        select martlet.record_consent('+8613800138003', 'sms', 'notification', 'granted', 'web');
        select martlet.cancel('g'::text);
        """

    /// One row into each table that is still empty, of values that fit its columns' types; where a check wants more, what it wants.
    private static let fill = """
        do $$
        declare
            v_wanted jsonb := '{"provider_events.reason": "no_match", "follow_ups.condition": "not_opened", "follow_ups.state": "open", "budgets.over": "defer", "levels.kind": "measure",
                "provider_orders.state": "paused", "consents.status": "granted", "provider_health.circuit": "closed"}';
            v_table text;
            v_names text;
            v_values text;
            v_found boolean;
        begin
            for v_table in select c.relname from pg_class c where c.relnamespace = 'martlet_data'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                    order by c.relname = 'inbound_events', c.relname loop
                execute format('select exists (select from martlet_data.%I)', v_table) into v_found;
                continue when v_found;
                select string_agg(quote_ident(a.attname), ', '), string_agg(case when v_wanted ? (v_table || '.' || a.attname) then quote_literal(v_wanted ->> (v_table || '.' || a.attname))
                        else case format_type(a.atttypid, null) when 'text' then quote_literal(case when a.attname ~ 'zone' then 'UTC' else 'x' end) when 'timestamp with time zone' then 'now()' when 'interval' then quote_literal('1 hour')
                            when 'json' then quote_literal('{}') when 'jsonb' then quote_literal('{}') when 'bytea' then quote_literal('') when 'text[]' then quote_literal('{}')
                            when 'boolean' then 'false' else '1' end end, ', ')
                    into v_names, v_values
                    from pg_attribute a where a.attrelid = ('martlet_data.' || v_table)::regclass and a.attnum > 0 and not a.attisdropped and a.attnotnull and a.attidentity = ''
                        and (not a.atthasdef or v_wanted ? (v_table || '.' || a.attname));
                execute case when v_names is null then format('insert into martlet_data.%I default values', v_table)
                    else format('insert into martlet_data.%I (%s) values (%s)', v_table, v_names, v_values) end;
            end loop;
        end $$
        """

    private static func emptyTables(_ connection: PQConnection) async throws -> [String] {
        try await counts(connection).filter { $0.value == 0 }.map(\.key).sorted()
    }

    /// Rows of each table of ours, partitioned ones as a whole.
    private static func counts(_ connection: PQConnection) async throws -> [String: Int] {
        let tables = try await connection.query(
            PQCall(
                "tables",
                "select relname::text from pg_class where relnamespace = 'martlet_data'::regnamespace and relkind in ('r', 'p') and not relispartition",
                prepared: false)
        ).map { try $0.text(0) }
        var found: [String: Int] = [:]
        for table in tables {
            found[table] = Int(try await connection.value("select count(*) from martlet_data.\(table)") ?? "")
        }
        return found
    }
}

/// What a producer and a worker before objects had under way, statement by statement.
private final class OldWork: Sendable {
    private let state = Mutex((claimed: 0, enqueued: 0, isOver: false, isProduced: false))

    var claimed: Int { state.withLock { $0.claimed } }
    func stop() { state.withLock { $0.isOver = true } }

    /// Answers the ids that were acknowledged.
    func produce(_ connection: PQConnection) async throws -> [Int64] {
        defer { state.withLock { $0.isProduced = true } }
        var ids: [Int64] = []
        while !state.withLock({ $0.isOver }) {
            // Not far ahead of the worker.
            if ids.count > claimed + 100 {
                await Task.yield()
                continue
            }
            let one = PQCall("enqueue", "select martlet.enqueue('notification', 'sms', '+8613800138000', 'parcel', '{\"a\": 1}')")
            ids.append(try await connection.query(one).only.int8(0))
            let many = PQCall(
                "enqueue_rows",
                "select unnest(martlet.enqueue_rows('{notification, notification}', '{sms, sms}', '{+8613800138000, +8613800138000}', '{parcel, parcel}'))"
            )
            ids += try await connection.query(many).map { try $0.int8(0) }
        }
        await connection.close()
        return ids
    }

    /// Claim, admit and record as they were, in three transactions; ends when the producer has, and nothing waits.
    func consume(_ connection: PQConnection) async throws -> [Int64] {
        let slots = try await connection.query(
            PQCall(
                "slots",
                "select (pg_sequence_last_value(cursor) & 4095)::int2, (pg_sequence_last_value('martlet_data.leased_cursor') & 4095)::int2 from martlet_data.lanes where lane = 2",
                prepared: false)
        ).only
        let (ready, leased) = (try slots.int2(0), try slots.int2(1))
        let claim = PQCall(
            "ClaimReady",
            """
            with gone as (
                delete from martlet_data.ready_\(ready) where ctid = any (array(
                    select ctid from martlet_data.ready_\(ready) where seq >= 0 and message_id > 1000 order by seq limit 10 for update skip locked))
                returning seq, message_id, attempt, burned, resends, deaths, series),
            taken as (select array_agg(message_id) as ids, min(message_id) as lowest, max(message_id) as highest, max(seq) as last from gone),
            leased as (
                insert into martlet_data.leased_\(leased) (slot, message_id, lane, attempt, burned, resends, deaths, series, session, claim, deadline)
                select \(leased), message_id, 2, attempt, burned, resends, deaths, series, 77, 1, clock_timestamp() + interval '1 minute' from gone
                returning ctid as tid, message_id)
            select l.message_id, m.address from leased l full join (
                select * from martlet_data.messages where id = any ((select ids from taken)::int8[])
                    and id between (select lowest from taken) and (select highest from taken)) m on m.id = l.message_id
            """)
        while true {
            let isProduced = state.withLock { $0.isProduced }
            let ids = try await connection.query(claim).map { row in
                _ = try row.text(1)  // the body is there
                return try row.int8(0)
            }
            guard !ids.isEmpty else {
                if isProduced { break }
                continue
            }
            _ = try await connection.query(
                PQCall(
                    "InsertAttempts",
                    """
                    insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
                    select unnest($1::int8[]), 1, 'old', 77, clock_timestamp(), clock_timestamp() + interval '1 second', 1, 1
                    """
                ) { $0.int8Array(ids) })
            _ = try await connection.query(
                PQCall(
                    "FinishAccepted",
                    """
                    with gone as (
                        delete from martlet_data.leased_\(leased) where message_id = any ($1::int8[]) and session = 77 and claim = any ('{1}'::int4[]) returning message_id),
                    written as (
                        insert into martlet_data.receipts (message_id, kind, attempt, provider) select unnest($1::int8[]), 'accepted', 1, 'old')
                    select martlet_data.check_leases(count(*), \(ids.count), bit_xor(message_id), \(ids.reduce(0, ^))) from gone
                    """, prepared: false
                ) { $0.int8Array(ids) })
            state.withLock { $0.claimed += ids.count }
        }
        await connection.close()
        return []
    }
}
