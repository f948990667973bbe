import ArgumentParser
import Domain
import Store

/// Works through many dead letters in transactions of at most 500. One that the contract refuses is reported and spares the others:
/// the batch is halved until it stands alone.
struct BulkWork: Sendable {
    struct Failure: Sendable {
        var id: MessageID
        var error: StoreError.Refusal
    }
    struct Result: Sendable {
        var done: [MessageID] = []
        var failures: [Failure] = []
        /// Why it stopped early: the rest is untouched.
        var stopped: AdminError?
    }

    static let batch = 500
    /// One transaction for all these ids.
    let act: @Sendable (StoreConnection, [MessageID]) async throws -> Void
    let verb: String

    /// Explicit ids.
    func run(_ ids: [MessageID], on database: Database) async -> Result {
        var result = Result()
        let sorted = Set(ids).sorted()
        for start in stride(from: 0, to: sorted.count, by: Self.batch) where result.stopped == nil {
            await work(Array(sorted[start..<min(start + Self.batch, sorted.count)]), on: database, &result)
            Terminal.error.progress("\(verb) \(result.done.count) of \(sorted.count)")
        }
        Terminal.error.endProgress()
        return result
    }

    /// All that match, as of `filter.until`.
    func run(_ filter: DeadLetterFilter, total: Int, on database: Database) async -> Result {
        var result = Result()
        var after = MessageID(0)
        while result.stopped == nil {
            do {
                let ids = try await database.run(DeadLetterIDs(filter: filter, after: after, limit: Self.batch))
                guard let last = ids.last else { break }
                after = last
                await work(ids, on: database, &result)
            } catch {
                result.stopped = Self.adminError(error)
            }
            Terminal.error.progress("\(verb) \(result.done.count) of \(total)")
        }
        Terminal.error.endProgress()
        return result
    }

    private func work(_ ids: [MessageID], on database: Database, _ result: inout Result) async {
        do {
            try await database.transaction { connection in try await act(connection, ids) }
            result.done += ids
        } catch let error as StoreError {
            guard let refusal = error.refusal, refusal.sqlstate.hasPrefix("MT") else {
                result.stopped = Self.adminError(error)
                return
            }
            guard ids.count > 1 else { return result.failures.append(Failure(id: ids[0], error: refusal)) }
            let middle = ids.count / 2
            await work(Array(ids[..<middle]), on: database, &result)
            if result.stopped == nil { await work(Array(ids[middle...]), on: database, &result) }
        } catch {
            result.stopped = Self.adminError(error)
        }
    }

    private static func adminError(_ error: any Error) -> AdminError {
        switch error {
        case let error as AdminError: error
        case let error as StoreError: AdminError(error, role: .admin)
        default: AdminError(.internalFault, "\(error)")
        }
    }
}

extension BulkWork.Result {
    /// Prints what happened and ends with the exit code that fits.
    func report(_ verb: String, asJSON: Bool) throws {
        if asJSON {
            Terminal.out.json([
                "done": .int(done.count), "ids": .list(done) { .id($0) },
                "failures": .list(failures) {
                    [
                        "id": .id($0.id), "sqlstate": .string($0.error.sqlstate), "message": .string($0.error.message),
                        "hint": .text($0.error.hint),
                    ]
                },
                "stopped": .text(stopped?.message),
            ])
        } else {
            for failure in failures.prefix(20) {
                Terminal.error.line("\(failure.id): \(Printable.line(failure.error.message))", .red)
                if let hint = failure.error.hint { Terminal.error.line("  hint: \(Printable.line(hint))", .yellow) }
            }
            if failures.count > 20 { Terminal.error.line("… and \(failures.count - 20) more (--json lists them all)") }
            Terminal.out.line("\(verb) \(done.count)" + (failures.isEmpty ? "" : ", refused \(failures.count)"))
        }
        if var stopped {
            stopped.message = "stopped after \(done.count): \(stopped.message)"
            throw stopped
        }
        if !failures.isEmpty { throw ExitCode(AdminExit.refused.rawValue) }
    }
}

/// Which dead letters a bulk command works on, after counting, dry run and confirmation.
struct BulkSelection: ParsableArguments {
    @Argument(help: "Ids of messages.")
    var ids: [MessageID] = []
    @Flag(name: .long, help: "All that match the filters.")
    var allMatching = false
    @OptionGroup(title: "Filters") var which: DeadLetterFilterOptions
    @Option(name: .long, help: "Why; kept in the audit.")
    var why: String
    @Flag(name: .long, help: "Count and show, change nothing.")
    var dryRun = false
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    func validate() throws {
        guard ids.isEmpty == allMatching else { throw ValidationError("Give ids, or --all-matching with filters.") }
        guard which.isEmpty || allMatching else { throw ValidationError("Filters need --all-matching.") }
        guard !why.isEmpty else { throw ValidationError("--why must not be empty.") }
    }

    /// - Parameter asksForIDs: explicit ids are confirmed too.
    /// - Returns: nil after a dry run.
    func run(
        _ work: BulkWork, _ question: String, asksForIDs: Bool, on database: Database, asJSON: Bool
    ) async throws -> BulkWork.Result? {
        var filter = which.filter
        let count = try await database.run(CountDeadLetters(filter: filter))
        filter.until = count.now
        let total = allMatching ? count.total : ids.count
        guard total > 0 else { throw AdminError(.notFound, "No dead letter matches.") }
        if dryRun {
            try await showDryRun(filter, count, total, on: database, asJSON: asJSON)
            return nil
        }
        if allMatching || asksForIDs {
            let reasons = allMatching ? " (" + count.reasons.map { "\($0.count) \($0.reason)" }.joined(separator: ", ") + ")" : ""
            try Confirmation.ask("\(question) \(total) dead letter\(total == 1 ? "" : "s")\(reasons)?", yes: yes)
        }
        return allMatching ? await work.run(filter, total: total, on: database) : await work.run(ids, on: database)
    }

    private func showDryRun(
        _ filter: DeadLetterFilter, _ count: CountDeadLetters.Answer, _ total: Int, on database: Database, asJSON: Bool
    ) async throws {
        let sample = allMatching ? try await database.run(DeadLetterIDs(filter: filter, after: MessageID(0), limit: 10)) : ids
        if asJSON {
            return Terminal.out.json([
                "dry_run": .bool(true), "count": .int(total), "ids": .list(sample) { .id($0) },
                "reasons": .object(allMatching ? count.reasons.map { .init(name: $0.reason, value: .int($0.count)) } : []),
            ])
        }
        Terminal.out.line("dry run: \(total) dead letter\(total == 1 ? "" : "s"), nothing was changed")
        if allMatching { for reason in count.reasons { Terminal.out.line("  \(reason.count) \(reason.reason)") } }
        Terminal.out.line("first: " + sample.map(\.description).joined(separator: " "))
    }
}
