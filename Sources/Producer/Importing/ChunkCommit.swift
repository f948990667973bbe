import Rendering
import Store

/// One chunk in one transaction: rows by `enqueue_rows`, rejects to their file, the import's position.
///
/// A call that fails names the row. Then the rows before it are sent again behind a savepoint, the row is rejected, and the rest
/// follows likewise, a little at first and then more and more: the work is linear in the rows, however many are bad.
struct ChunkCommit: Sendable {
    let chunk: Chunk
    let advance: ImportAdvance
    /// Values of flags, for records that have none of their own.
    var defaults: [String: String] = [:]
    var checksTemplates = true

    struct Outcome: Sendable {
        var enqueued: Int
        var rejects: [Reject]
    }

    /// - Parameter prepared: called with all rejects before the commit; what it throws rolls back.
    func run(
        on connection: StoreConnection, prepared: @Sendable (Outcome) async throws -> Void
    ) async throws -> Outcome {
        do {
            // In order of their keys, so that two producers with the same keys do not wait for each other in a circle.
            let records = chunk.records.sorted { left, right in
                (left.row["idempotency_key"] ?? "", left.line) < (right.row["idempotency_key"] ?? "", right.line)
            }
            try await connection.begin()
            var rejects = chunk.rejects
            if let refusal = records.isEmpty
                ? nil : try await connection.enqueue(records.map(\.row), checksTemplates: checksTemplates)
            {
                await connection.rollbackAfterError()
                try await connection.begin()
                rejects += try await enqueueCarefully(records, refusal, on: connection)
            }
            rejects.sort { $0.line < $1.line }
            let outcome = Outcome(enqueued: chunk.records.count + chunk.rejects.count - rejects.count, rejects: rejects)
            try await prepared(outcome)
            var advance = advance
            advance.enqueued = Int64(outcome.enqueued)
            try await connection.commit(advance)
            return outcome
        } catch {
            await connection.rollbackAfterError()
            throw error
        }
    }

    private func enqueueCarefully(
        _ records: [Record], _ first: RowRefusal, on connection: StoreConnection
    ) async throws -> [Reject] {
        var rejects: [Reject] = []
        var rest = records[...]
        var bad: RowRefusal? = first
        // Where one row is bad others are: without a window every try would send all that is left.
        var window = 16
        while !rest.isEmpty {
            try Task.checkCancellation()
            let good = rest.prefix(bad?.row ?? window)
            if !good.isEmpty {
                try await connection.run(BulkSavepoint())
                if let refusal = try await connection.enqueue(good.map(\.row), checksTemplates: checksTemplates) {
                    try await connection.run(BulkRollback())
                    bad = refusal
                    window = 16
                    continue
                }
                try await connection.run(BulkRelease())
            }
            rest = rest.dropFirst(good.count)
            guard let refusal = bad, let record = rest.first else {
                window *= 2
                continue
            }
            try refuseFlag(refusal, record)
            rejects.append(Reject(refusal, of: record))
            rest = rest.dropFirst()
            bad = nil
            if let cause = Cause(refusal, record.row) {
                // No other row with this class, template or sender will be taken either: no need to ask a thousand times.
                rejects += rest.filter { cause.matches($0.row) }.map { Reject(refusal, of: $0) }
                rest = rest.filter { !cause.matches($0.row) }[...]
            }
        }
        return rejects
    }

    /// A value that was given for the whole file is wrong for the whole file: that is said once, not for each line.
    private func refuseFlag(_ refusal: RowRefusal, _ record: Record) throws(ProducerError) {
        guard let field = refusal.field, Cause.names.keys.contains(refusal.sqlstate), let value = defaults[field],
            record.row[field] == value
        else { return }
        let flag = "--\(field.replacing("_", with: "-")) \(value)"
        throw .usage(
            "\(flag): \(refusal.reason). \(refusal.remedy ?? "Correct the flag.") Nothing from line \(record.line) on was enqueued"
        )
    }
}

/// A refusal that holds for every row that is like the refused one.
private struct Cause {
    /// What has to be equal, by SQLSTATE.
    static let names = [
        "MT001": ["class"], "MT002": ["channel"], "MT004": ["template", "channel"], "MT005": ["time_zone"], "MT009": ["sender"],
        "MT026": ["template", "channel", "class", "locale", "sender"],
    ]
    private let columns: [String]
    private let values: [String?]
    /// Of a row whose variables do not suffice: the names that say something.
    private let given: Set<String>?

    init?(_ refusal: RowRefusal, _ row: BulkRow) {
        guard refusal.field != BulkRow.followUpColumn else { return nil }  // which has a channel and a template of its own
        if refusal.sqlstate == "MT025" {
            columns = Self.names["MT026"] ?? []
            guard let names = Self.given(row) else { return nil }
            given = names
        } else {
            guard let names = Self.names[refusal.sqlstate] else { return nil }
            columns = names
            given = nil
        }
        values = columns.map { row[$0] }
    }

    func matches(_ row: BulkRow) -> Bool {
        columns.map { row[$0] } == values && (given == nil || given == Self.given(row))
    }

    /// nil: there are values inside values, of which nothing is known here.
    private static func given(_ row: BulkRow) -> Set<String>? {
        let text = row["variables"] ?? "{}"
        do {
            let variables = try Variables(text)
            let members = try JSONMembers.of(Array(text.utf8))
            if members.contains(where: { $0.kind == .object }) { return nil }
            return Set(members.map(\.name).filter { variables.isPresent($0) })
        } catch {
            return nil  // no JSON: the server says so, row by row
        }
    }
}
