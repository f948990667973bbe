import Store

/// Where an import stands: by its name, for messages or for people.
struct ImportPlace: Sendable {
    var name: String
    /// Of the file.
    var beginning: [UInt8]
    var arguments: [String: String]
    var audience: String?

    struct Answer: Sendable {
        var lines: Int
        var list: Int32?
        /// The list is in its place.
        var isFinished = false
        var members = 0
        var rejected = 0
    }

    func ask(_ database: Database) async throws -> Answer {
        guard let audience else {
            let lines = try await database.run(ImportBegin(name: name, beginning: beginning, arguments: arguments))
            return Answer(lines: Int(lines))
        }
        let answer = try await database.run(
            ImportAudience(
                name: name, beginning: beginning, arguments: arguments.merging(["audience": audience]) { $1 }, audience: audience)
        )
        return Answer(
            lines: Int(answer.linesDone), list: answer.list, isFinished: answer.isFinished, members: Int(answer.members),
            rejected: Int(answer.rejected))
    }

    func summary(after lines: Int) -> ImportSummary {
        var summary = ImportSummary()
        summary.importName = name
        summary.audience = audience
        summary.earlierLines = lines
        summary.lines = lines
        return summary
    }
}

extension Importer {
    /// A list of ten million people is checked in minutes.
    private static let finishing = Duration.seconds(3600)

    /// How many lines are done; waits for a database that is away.
    func begun(_ place: ImportPlace) async throws -> ImportPlace.Answer {
        let done = try await patiently { () -> Result<ImportPlace.Answer, StoreError> in
            do {
                return .success(try await place.ask(database))
            } catch let error as StoreError where error.sqlstate == "MT014" || error.sqlstate == "MT020" {
                return .failure(error)  // another file, other flags, a name that cannot be: that does not pass
            }
        }
        switch done {
        case .success(let answer): return answer
        case .failure(let error):
            let flag = error.sqlstate == "MT020" ? "--audience" : "--import-id"
            throw ProducerError.usage("\(error.refusal?.message ?? ""). \(error.refusal?.hint ?? "") (\(flag))")
        }
    }

    /// The server checks the list as a whole, takes out doubles and what it cannot use, and puts it in its place; its rejects follow in the reject file.
    func finish(
        _ place: ImportPlace, _ rejects: RejectKeeper, _ start: ImportSummary, since began: ContinuousClock.Instant
    ) async throws -> ImportSummary {
        let answer = try await patiently { () -> ImportPlace.Answer in
            let answer = try await place.ask(database)
            // Somebody else finished it, or an answer was lost: the list says so.
            guard !answer.isFinished, let list = answer.list else { return answer }
            _ = try await database.run(FinishAudience(audience: list), within: Self.finishing)
            return try await place.ask(database)
        }
        var summary = start
        var after: ListRejects.Reject?
        while let list = answer.list {
            let question = ListRejects(list: list, after: after)
            let found = try await patiently { try await database.run(question) }
            guard let last = found.last else { break }
            after = last
            let told = found.map(Reject.init)
            try await rejects.add(told)
            summary.reasons.add(told)
        }
        summary.members = answer.members
        summary.rejected = answer.rejected
        summary.rejectsPath = summary.rejected > 0 ? await rejects.path : nil
        summary.took = ContinuousClock().now - began
        return summary
    }
}

extension Reject {
    /// A row that the server took out of a list.
    fileprivate init(_ reject: ListRejects.Reject) {
        let parts = reject.problem.split(separator: ": ", maxSplits: 1).map(String.init)
        let isDouble = reject.problem.hasPrefix("is the same as")
        let code =
            switch reject.field {
            case _ where isDouble: "duplicate"
            case "sms", "email": "bad_recipient"
            case "time_zone": "MT005"
            case "variables", "addresses": "bad_json"
            default: "bad_text"
            }
        var remedy = isDouble ? "Nothing is to be done: the first one stays." : "Correct \(reject.field)."
        if !isDouble, parts.count > 1 { remedy = parts[1].prefix(1).uppercased() + parts[1].dropFirst() + "." }
        self.init(Int(reject.line), reject.field, code, isDouble ? reject.problem : parts[0], remedy, record: "")
    }
}

/// The reject file, for tasks.
actor RejectKeeper {
    private let file: RejectFile
    init(_ file: sending RejectFile) { self.file = file }
    var earlier: Int { file.earlier }
    var path: String { file.path }
    func start(after line: Int) throws(ProducerError) { try file.start(after: line) }
    func write(_ rejects: [Reject]) throws(ProducerError) { try file.write(rejects) }
    func keep() { file.keep() }
    /// Appends those whose lines no earlier run has told.
    func add(_ rejects: [Reject]) throws(ProducerError) {
        try file.write(rejects.filter { !file.earlierLines.contains($0.line) })
        file.keep()
    }
    func discard() throws(ProducerError) { try file.discard() }
}
