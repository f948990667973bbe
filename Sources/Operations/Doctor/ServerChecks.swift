import Domain
import Store

/// What the server itself must offer.
enum ServerChecks {
    static func run(_ facts: ServerFacts.Answer, local: Timestamp) -> [Finding] {
        [
            version(facts), role(facts), durability(facts), upkeep(facts), clock(facts, local), prepared(facts),
        ]
    }

    private static func version(_ facts: ServerFacts.Answer) -> Finding {
        let major = facts.versionNumber / 10_000
        return major >= 15
            ? .ok("server_version", "PostgreSQL \(major)")
            : .bad("server_version", "PostgreSQL \(major)", "Martlet needs 15 or newer: upgrade the server.")
    }

    private static func role(_ facts: ServerFacts.Answer) -> Finding {
        if facts.isStandby { return .bad("primary", "a standby", "Connect to the primary (target_session_attrs=read-write).") }
        if facts.settings["default_transaction_read_only"] == "on" {
            return .bad("primary", "read-only", "Set default_transaction_read_only = off for this role and database.")
        }
        return .ok("primary", "a primary, writable")
    }

    private static func durability(_ facts: ServerFacts.Answer) -> Finding {
        let off = ["fsync", "full_page_writes"].filter { facts.settings[$0] != "on" }
        if !off.isEmpty {
            return .bad(
                "durability", off.map { "\($0) is off" }.joined(separator: ", "),
                "Turn it on in postgresql.conf: a power failure loses acknowledged messages or the whole database.")
        }
        let commit = facts.settings["synchronous_commit"] ?? ""
        return ["on", "remote_apply"].contains(commit)
            ? .ok("durability", "fsync, full_page_writes on, synchronous_commit \(commit)")
            : .warn(
                "durability", "synchronous_commit is \(commit)",
                "Martlet turns it on for what it acknowledges; services that enqueue inside their own transactions should have it on too."
            )
    }

    private static func upkeep(_ facts: ServerFacts.Answer) -> Finding {
        facts.settings["autovacuum"] == "on" && facts.settings["track_counts"] == "on"
            ? .ok("autovacuum", "on")
            : .bad("autovacuum", "off", "Set autovacuum = on and track_counts = on: tables bloat until the queue stands still.")
    }

    private static func clock(_ facts: ServerFacts.Answer, _ local: Timestamp) -> Finding {
        let skew = facts.now - local
        return abs(skew.inSeconds) < 2
            ? .ok("clock", "within \(skew.rough) of this machine")
            : .warn(
                "clock", "\(skew.rough) \(skew > .zero ? "ahead of" : "behind") this machine",
                "Synchronise both with NTP: the server's clock decides about quiet hours and expiry.")
    }

    private static func prepared(_ facts: ServerFacts.Answer) -> Finding {
        guard facts.preparedTransactions > 0 else { return .ok("prepared_transactions", "none") }
        let age = facts.oldestPrepared ?? .zero
        let text = "\(facts.preparedTransactions), the oldest since \(age.rough)"
        let remedy =
            "COMMIT PREPARED or ROLLBACK PREPARED what pg_prepared_xacts lists: it holds locks and keeps dead rows for ever."
        return age > .seconds(60) ? .bad("prepared_transactions", text, remedy) : .warn("prepared_transactions", text, remedy)
    }
}
