import Domain
import Store

/// What the server runs out of: connections, locks, the disk. And what keeps its log.
enum LimitChecks {
    static func limits(_ limits: [ServerLimits.Limit]) -> [Finding] {
        let remedies = [
            "connections":
                "Raise the limit (max_connections, alter database … connection limit, alter role … connection limit), or put PgBouncer in front of the services.",
            "locks":
                "Raise max_locks_per_transaction and restart the server: a transaction that finds the lock table full fails. Long transactions over many days hold a lock for each day.",
        ]
        return ["connections", "locks"].flatMap { kind -> [Finding] in
            let own = limits.filter { $0.kind == kind }
            let near = own.filter { $0.used * 10 >= $0.most * 8 }
            guard !near.isEmpty else {
                return [.ok(kind, own.prefix(3).map { "\($0.used) of \($0.most) (\($0.of))" }.joined(separator: ", "))]
            }
            let text = near.prefix(5).map { "\($0.used) of \($0.most) used (\($0.of))" }.joined(separator: "; ")
            let isFull = near.contains { $0.used * 20 >= $0.most * 19 }
            let remedy = remedies[kind] ?? ""
            return [isFull ? .bad(kind, text, remedy) : .warn(kind, text, remedy)]
        }
    }

    static func slots(_ slots: [InactiveSlots.Slot]) -> Finding {
        guard !slots.isEmpty else { return .ok("replication_slots", "none without a reader") }
        let named = slots.prefix(5).map { slot in
            let kept = slot.bytes.map { ", \(mebibytes($0)) of WAL kept" } ?? ""
            return "no client reads the \(slot.kind) slot \(slot.name)\(kept)\(slot.status == "lost" ? " (lost)" : "")"
        }
        let text = named.joined(separator: "; ")
        let remedy =
            "Start what reads it, or, if that is gone for good, select pg_drop_replication_slot('\(slots[0].name)'): the server keeps its WAL, and dead rows, for it until the disk is full."
        return slots.contains { ($0.bytes ?? 0) >= 1 << 30 }
            ? .bad("replication_slots", text, remedy) : .warn("replication_slots", text, remedy)
    }

    static func standby(_ facts: StandbyFacts.Answer) -> Finding {
        guard !facts.names.isEmpty else { return .ok("synchronous_standby", "no commit waits for a standby") }
        let there = facts.synchronous ?? facts.connected
        guard there < facts.needed else {
            return .ok("synchronous_standby", "\(there) connected; a commit waits for \(facts.needed) of \(facts.names)")
        }
        return .bad(
            "synchronous_standby",
            "each commit waits for \(facts.needed) standby(s) of \(facts.names), and \(there) of them are connected",
            "Start the standby, or take it out of synchronous_standby_names and select pg_reload_conf(): until then every enqueue and every worker hangs."
        )
    }

    static func disk(_ facts: DiskFacts.Answer, of name: String) -> [Finding] {
        var findings: [Finding] = []
        if let failing = facts.archiveFails {
            findings.append(
                .bad(
                    "wal_archive", "archiving the WAL fails, the last time \(failing.rough) ago",
                    "Mend archive_command (the server's log says what it answers): the WAL piles up until the disk is full."))
        }
        let database = "the database has \(mebibytes(facts.database))"
        guard let log = facts.log else {
            return findings + [
                .warn(
                    "disk", "\(database); could not look at the WAL",
                    "grant pg_monitor to \(name). SQL does not show the free space: have the host's monitoring watch it.")
            ]
        }
        let text = "\(database), the WAL \(mebibytes(log))"
        return findings + [
            log <= facts.logMost * 3 / 2
                ? .ok("disk", "\(text); SQL does not show the free space")
                : .bad(
                    "disk", "\(text), and max_wal_size allows \(mebibytes(facts.logMost))",
                    "Something keeps the WAL (replication_slots, wal_archive), or checkpoints do not keep up: look before the disk is full."
                )
        ]
    }

    static func jit(_ settings: JITSettings.Answer) -> Finding {
        let isOff = ["off", "false", "no", "0"].contains(settings.database ?? "")
        guard isOff, settings.roles.isEmpty else {
            let what =
                isOff
                ? "on for \(settings.roles.prefix(5).joined(separator: ", "))"
                : settings.database.map { "\($0) for this database" } ?? "not switched off for this database"
            return .warn(
                "jit", what,
                "alter database … set jit = off (and alter role … reset jit): compiling takes longer than the short statements of services. A copy of a database has lost this setting."
            )
        }
        return .ok("jit", "off")
    }

    private static func mebibytes(_ bytes: Int64) -> String {
        bytes < 10 << 30 ? "\(bytes >> 20) MiB" : "\(bytes >> 30) GiB"
    }
}
