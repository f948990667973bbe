import Postgres
import Store
import TestSupport
import Testing

@Suite("A day's partitions are dropped only when nothing refers to them")
struct PartitionTests {
    /// A database with the partitions of 2025-01-10 and one expired message in them.
    private func oldDay(
        _ body: @Sendable (ScratchDatabase, Database, PQConnection) async throws -> Void
    ) async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(
                script: """
                    do $$ declare p text; begin
                        foreach p in array array['messages', 'attempts', 'receipts', 'message_links'] loop
                            execute format('create table martlet_data.%s_20250110 partition of martlet_data.%1$s for values from (%s) to (%s)', p,
                                martlet_data.first_id('2025-01-10Z'), martlet_data.first_id('2025-01-11Z'));
                            execute format('alter table martlet_data.%s_20250110 owner to martlet_owner', p);
                        end loop;
                        create table martlet_data.carrier_ids_20250110 partition of martlet_data.carrier_ids for values from ('2025-01-10Z') to ('2025-01-11Z');
                        alter table martlet_data.carrier_ids_20250110 owner to martlet_owner; end $$;
                    insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, variables, producer, created_at, expires_at)
                        values (martlet_data.first_id('2025-01-10Z') + 1, 1, 1, 'k', 'a', 't', '{}', 'p', '2025-01-10Z', '2025-01-11Z');
                    insert into martlet_data.receipts (message_id, kind) values (martlet_data.first_id('2025-01-10Z') + 1, 'expired');
                    """)
            try await body(scratch, store, connection)
        }
    }

    private func drop(_ store: Database) async throws -> String? {
        guard let day = try await store.run(OldDays(keep: .seconds(86_400))).first else { return nil }
        return try await store.run(DropDay(day))
    }

    @Test("an expired day is dropped, then there is none left")
    func dropped() async throws {
        try await oldDay { (_, store, connection) async throws -> Void in
            #expect(try await drop(store) == "dropped")
            #expect(try await drop(store) == nil)
            #expect(try await connection.value("select count(*) from pg_class where relname ~ '20250110'") == "0")
        }
    }

    @Test(
        "whatever waits for its message keeps it",
        arguments: [
            "ready (slot, seq, message_id) values (1, 1, ID)",
            "due (slot, due_at, message_id, lane, reason) values (1, now(), ID, 0, 'retry')",
            "leased (slot, message_id, lane, attempt, burned, resends, deaths, series, session, claim, deadline) values (1, ID, 0, 1, 0, 0, 0, 0, 1, 1, now())",
            "dead_letters (message_id, class, channel, recipient_key, address, template, reason, explanation, remedy, lane, attempt, series, message, history) values (ID, '', '', '', '', '', '', '', '', 0, 1, 0, '{}', '[]')",
        ])
    func referredTo(row: String) async throws {
        try await oldDay { _, store, connection in
            let id = "martlet_data.first_id('2025-01-10Z') + 1"
            try await connection.execute(script: "insert into martlet_data.\(row.replacing("ID", with: id))")
            let table = row.prefix { $0 != " " }
            let first = try #require(try await connection.value("select martlet_data.first_id('2025-01-10Z') + 1"))
            let what = table == "dead_letters" ? "dead letters kept" : "messages still waiting"
            #expect(try await drop(store) == "\(what): 1, the first is \(first)")
            #expect(try await store.run(HeldDays(keep: .seconds(86_400))).map(\.why) == ["\(what): 1, the first is \(first)"])
            try await connection.execute(script: "delete from martlet_data.\(table)")
            #expect(try await drop(store) == "dropped")
        }
    }

    @Test("a message that has not expired keeps it")
    func notExpired() async throws {
        try await oldDay { _, store, connection in
            try await connection.execute(script: "update martlet_data.messages set expires_at = now() + interval '1 day'")
            #expect(try #require(try await drop(store)).hasPrefix("a message has not expired before"))
        }
    }

    @Test("a link that has not expired keeps it, and goes with it when it has")
    func links() async throws {
        try await oldDay { _, store, connection in
            try await connection.execute(
                script:
                    "insert into martlet_data.message_links values (martlet_data.first_id('2025-01-10Z') + 1, '{https://a.example/}', now() + interval '1 day')"
            )
            #expect(try #require(try await drop(store)).hasPrefix("a link does not expire before"))
            try await connection.execute(script: "update martlet_data.message_links set expires_at = now()")
            #expect(try await drop(store) == "dropped")
            #expect(try await connection.value("select count(*) from martlet_data.message_links") == "0")
        }
    }

    @Test("a requeue's new time to live keeps it, because its message waits again")
    func requeued() async throws {
        try await oldDay { _, store, connection in
            try await connection.execute(
                script: """
                    insert into martlet_data.requeues (message_id, series, expires_at, why) values (martlet_data.first_id('2025-01-10Z') + 1, 1, now() + interval '1 day', 'x');
                    insert into martlet_data.ready (slot, seq, message_id, series) values (1, 1, martlet_data.first_id('2025-01-10Z') + 1, 1)
                    """)
            #expect(try await drop(store) != "dropped")
        }
    }

    @Test(
        "a reader that holds it, or its parent, is not waited for long, and the day stays whole",
        arguments: ["messages_20250110", "receipts_20250110", "messages"])
    func inUse(table: String) async throws {
        try await oldDay { scratch, store, connection in
            let reader = try await scratch.connect()
            try await reader.execute(script: "begin; select count(*) from martlet_data.\(table)")
            // The reader holds it until later: a statement that waits for it would not answer.
            #expect(try await drop(store) == "in use")
            #expect(
                try await connection.value(
                    "select count(*) from pg_class where relname ~ '(messages|attempts|receipts)_20250110$'") == "3")
            try await reader.execute(script: "commit")
            #expect(try await drop(store) == "dropped")
        }
    }

    @Test("fourteen days ahead there are partitions, and asking again makes none")
    func ahead() async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            #expect(try await store.run(CreatePartitions(days: 14)) == 0)
            #expect(try await store.run(CreatePartitions(days: 17)) == 3)
            try await connection.execute(script: Fixture.policy)
            try await connection.enqueue(3)
            #expect(try await connection.value("select count(*) from martlet_data.messages_default") == "0")
            let days = try await connection.value(
                "select count(*) from pg_class where relname ~ '^message_links_[0-9]{8}$' and relkind = 'r'")
            #expect(
                try await connection.value(
                    "select count(*) from pg_class where relname ~ '^messages_[0-9]{8}$' and relkind = 'r'") == days)
        }
    }
}
