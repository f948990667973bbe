import Store

/// Imports a file: every line exactly once, however often it is killed and started again.
///
/// The position (physical lines done) moves in the transaction of the rows themselves, and only from where this run believes it to be.
/// After a lost connection or a commit without an answer the position says what became of the chunk.
public struct Importer: Sendable {
    let options: ImportOptions
    let database: Database
    let stop: StopFlag
    let show: @Sendable (ImportEvent) -> Void

    /// - Parameter show: is called from the importing task, in order.
    public init(
        _ options: ImportOptions, database: Database, stop: StopFlag, show: @escaping @Sendable (ImportEvent) -> Void = { _ in }
    ) {
        self.options = options
        self.database = database
        self.stop = stop
        self.show = show
    }

    /// Reads to the end. Throws `ProducerError`; whatever was committed stays, and the same call goes on from there.
    public func run() async throws -> ImportSummary {
        do {
            try await refuseUnknownSchema()
            if options.isStrict, options.path != nil { try await checkFirst() }
            return try await importAll()
        } catch let error as StoreError {
            throw Self.explained(error)
        }
    }

    private func refuseUnknownSchema() async throws {
        let status = try await patiently { try await Migrator(database).status() }
        if let misfit = status.misfit { throw ProducerError.misfit(misfit) }
    }

    private func importAll() async throws -> ImportSummary {
        let clock = ContinuousClock()
        let started = clock.now
        let reader = try ChunkReader(options, stop: stop)
        let beginning = try await reader.beginning()
        let format = try options.format(beginning: beginning)
        let name = try await importName(reader, beginning)
        let begin = ImportPlace(name: name, beginning: beginning, arguments: options.defaults, audience: options.audience)
        let rejects = RejectKeeper(
            try RejectFile(path: options.rejectsPath(importName: name), withRecord: options.keepsRecords))
        let place = try await begun(begin)
        let done = place.lines
        try await rejects.start(after: done)
        show(.began(importName: name, doneLines: done, size: reader.size))
        if place.isFinished { return try await finish(begin, rejects, begin.summary(after: done), since: started) }
        reader.start(format, defaults: options.defaults, names: options.names, after: done)
        var state = begin.summary(after: done)
        state.rejected = await rejects.earlier
        var summary = try await copyOrDiscard(reader, (begin, place.list), rejects, state)
        if summary.enqueued + summary.rejected == 0, done == 0 {
            throw ProducerError.file("\(reader.name) has no records", hint: "nothing was enqueued; check what wrote it")
        }
        summary.duplicates = reader.duplicates
        summary.endsWithoutLineFeed = reader.endsWithoutLineFeed
        if options.audience != nil { return try await finish(begin, rejects, summary, since: started) }
        summary.rejectsPath = summary.rejected > 0 ? await rejects.path : nil
        summary.took = clock.now - started
        return summary
    }

    /// Rejects of a chunk that is not in are of no use. After a COMMIT without an answer it is not known whether it is in: the next run finds out.
    private func copyOrDiscard(
        _ reader: ChunkReader, _ begin: Target, _ rejects: RejectKeeper, _ start: ImportSummary
    ) async throws -> ImportSummary {
        do {
            return try await copyAll(reader, begin, rejects, start)
        } catch {
            if case StoreError.commitUnknown = error { throw error }
            try await rejects.discard()
            throw error
        }
    }

    /// The import, and the list that its people go into.
    typealias Target = (place: ImportPlace, list: Int32?)

    private enum Step: Sendable {
        case read(Result<Chunk, any Error>)
        case committed
    }

    /// Parses the next chunk while those before it are copied, `connections` at a time.
    private func copyAll(
        _ reader: ChunkReader, _ begin: Target, _ rejects: RejectKeeper, _ start: ImportSummary
    ) async throws -> ImportSummary {
        let turns = Turnstile(start)
        var pending: Result<Chunk, any Error>?
        var line = start.lines
        var (number, running, isLast) = (0, 0, false)
        return try await withThrowingTaskGroup(of: Step.self) { group in
            func read() { group.addTask { .read(await Self.result { try await reader.next() }) } }
            read()
            while true {
                if !isLast, running < options.connections, case .success(let chunk)? = pending, !stop.isSet {
                    let work = NumberedChunk(number: number, chunk: chunk, line: line)
                    group.addTask {
                        try await self.commit(work, begin, rejects, turns)
                        return .committed
                    }
                    (line, number, running, isLast, pending) = (chunk.toLine, number + 1, running + 1, chunk.isLast, nil)
                    if !isLast { read() }
                }
                // What is on its way is committed, whatever ends the import.
                if running == 0 {
                    let summary = await turns.summary
                    if isLast { return summary }
                    if case .failure(let error)? = pending { throw error }
                    if pending != nil { try checkInterruption(summary, begin.place.name) }
                }
                switch try await group.next() {
                case .read(let result)?: pending = result
                case .committed?: running -= 1
                case nil: return await turns.summary
                }
            }
        }
    }

    private static func result<Value: Sendable>(_ body: () async throws -> Value) async -> Result<Value, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    private func checkInterruption(_ summary: ImportSummary, _ name: String) throws {
        guard stop.isSet else { return }
        let how =
            options.path == nil
            ? "feed the same input again with --import-id \(name) and it goes on there"
            : "run the same command again and it goes on there"
        throw ProducerError.interrupted(
            "interrupted after line \(summary.lines), \(summary.enqueued) rows enqueued by this run; \(how)")
    }

    private struct NumberedChunk: Sendable {
        /// From 0, in this run.
        var number: Int
        var chunk: Chunk
        /// Where it begins: lines done before it.
        var line: Int
    }

    /// Its rows are sent while chunks before it may still be under way; position, rejects and COMMIT are in order.
    private func commit(
        _ one: NumberedChunk, _ target: Target, _ rejects: RejectKeeper, _ turns: Turnstile
    ) async throws {
        let (chunk, line, begin) = (one.chunk, one.line, target.place)
        func passed(_ outcome: ChunkCommit.Outcome) async {
            show(.advanced(await turns.passed(one.number, outcome, to: chunk.toLine), consumed: chunk.consumed))
        }
        if chunk.toLine == line, !chunk.isLast {
            try await turns.wait(for: one.number)
            return await passed(.init(enqueued: 0, rejects: []))
        }
        let advance = ImportAdvance(
            name: begin.name, fromLine: Int64(line), toLine: Int64(chunk.toLine), enqueued: 0, isFinished: chunk.isLast)
        let lastTry = LastTry()
        let clock = ContinuousClock()
        var end = clock.now + options.patience
        while true {
            do {
                let outcome = try await database.withConnection { connection in
                    try await write(chunk, advance, into: target.list, on: connection) { outcome in
                        try await turns.wait(for: one.number, atMost: .seconds(1))
                        try await rejects.write(outcome.rejects)
                        try checkLimit(outcome, await turns.summary.rejected, line)
                        await lastTry.set(outcome)
                    }
                }
                await rejects.keep()
                return await passed(outcome)
            } catch is Turnstile.TooLong {
                try await turns.wait(for: one.number)
                end = clock.now + options.patience
            } catch let error as StoreError {
                guard error.mayBeTriedAgain, clock.now < end else { throw error }
                // Before all else: the chunks before this one must be in.
                try await turns.wait(for: one.number)
                show(.trouble(error.description))
                let found = try await begun(begin).lines
                if found == chunk.toLine, found != line, let outcome = await lastTry.outcome {
                    await rejects.keep()
                    return await passed(outcome)
                }
                guard found == line else {
                    throw ProducerError.anotherRun(
                        "import \(begin.name): another run has brought it to line \(found); run it once at a time, then again to see that all is in"
                    )
                }
                // The next round of `begun` waits longer and longer; here only so that two who collided do not collide again.
                try await Task.sleep(for: .milliseconds(Int.random(in: 20...200)))
            }
        }
    }

    private func write(
        _ chunk: Chunk, _ advance: ImportAdvance, into list: Int32?, on connection: StoreConnection,
        prepared: @Sendable (ChunkCommit.Outcome) async throws -> Void
    ) async throws -> ChunkCommit.Outcome {
        if let list {
            return try await PeopleCommit(chunk: chunk, advance: advance, list: list).run(on: connection, prepared: prepared)
        }
        let work = ChunkCommit(
            chunk: chunk, advance: advance, defaults: options.defaults, checksTemplates: options.checksTemplates)
        return try await work.run(on: connection, prepared: prepared)
    }

    private func checkLimit(_ outcome: ChunkCommit.Outcome, _ earlier: Int, _ line: Int) throws {
        guard let limit = options.rejectLimit, earlier + outcome.rejects.count > limit else { return }
        throw ProducerError.tooManyRejects(
            "\(earlier + outcome.rejects.count) rejects are more than the \(limit) allowed; the lines up to \(line) are in, nothing after them. "
                + "Leave the file as it is: run it again with a higher --max-rejects, and import the corrected lines as a file of their own"
        )
    }

    func patiently<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        let clock = ContinuousClock()
        let end = clock.now + options.patience
        var pause = Duration.milliseconds(100)
        while true {
            do {
                return try await body()
            } catch let error as StoreError where error.mayBeTriedAgain && clock.now < end && !stop.isSet {
                show(.trouble(error.description))
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    static func explained(_ error: StoreError) -> ProducerError {
        switch error {
        case .unavailable where error.isRefusedConnection:
            .misfit(
                "\(error.description). Correct the database's address (MARTLET_DATABASE_URL, --database-url-file or PG* variables), or let the role in"
            )
        case .unavailable, .commitUnknown:
            .unavailable("\(error.description); run the same command again and it goes on where it stopped")
        case .refused where error.sqlstate == "26000" || error.sqlstate == "42P05":
            .misfit("\(error.description); what was committed stays, run the same command again and it goes on there")
        case .refused where error.sqlstate == "42501":
            .refused("\(error.description); the role must be a member of martlet_producer")
        case .refused where error.sqlstate?.hasPrefix("53") == true || error.sqlstate?.hasPrefix("58") == true:
            .unavailable(
                "\(error.description); nothing that was acknowledged is lost; run the same command again when there is room")
        case .refused, .internalError: .internalError(error.description)
        }
    }
}

/// What an importer has to say while it works.
public enum ImportEvent: Sendable {
    case began(importName: String, doneLines: Int, size: Int64?)
    /// A chunk is in. `consumed`: bytes of the file read so far.
    case advanced(ImportSummary, consumed: Int64)
    /// Something failed and is tried again.
    case trouble(String)
}

/// What the last try of a chunk would have committed: known before its COMMIT was sent.
private actor LastTry {
    private(set) var outcome: ChunkCommit.Outcome?
    func set(_ outcome: ChunkCommit.Outcome) { self.outcome = outcome }
}

extension StoreError {
    /// Looking at the import's position and trying again may help: the connection was lost, the server stops or starts, a deadlock.
    var mayBeTriedAgain: Bool {
        switch self {
        case .unavailable, .commitUnknown: !isRefusedConnection
        case .refused:
            isRetryable || sqlstate == "MT014" || sqlstate == "25006" || sqlstate?.hasPrefix("57P") == true
                || sqlstate?.hasPrefix("08") == true
        case .internalError: false
        }
    }
}
