import Domain
import Rendering
import Settings
import Store

/// Reads and checks a file without a database; with a policy and templates it also renders every record and says what it would cost.
public struct DryRun: Sendable {
    let options: ImportOptions
    let stop: StopFlag
    let estimator: Estimator?
    let show: @Sendable (ImportEvent) -> Void

    /// - Parameter policy: directory of the policy files; nil: nothing is rendered.
    /// - Throws: `ConfigErrors`.
    public init(
        _ options: ImportOptions, policy: String?, templates: String?, stop: StopFlag,
        show: @escaping @Sendable (ImportEvent) -> Void = { _ in }
    ) throws {
        self.options = options
        self.stop = stop
        self.show = show
        guard let policy, let templates else {
            estimator = nil
            return
        }
        let rules = try PolicyFiles.parse(PolicyFiles.read(directory: policy))
        let channels = Set(rules.providers.values.flatMap(\.channels)).union([.sms, .email])
        estimator = try Estimator(rules, templates: TemplateFiles.read(directory: templates, channels: channels))
    }

    /// Reads to the end.
    public func run() async throws -> DryRunSummary {
        let reader = try ChunkReader(options, stop: stop)
        let format = try options.format(beginning: try await reader.beginning())
        show(.began(importName: "dry run of \(reader.name)", doneLines: 0, size: reader.size))
        reader.start(format, defaults: options.defaults, names: options.names, after: 0)
        // A dry run leaves no file behind unless it is asked to.
        let file = try options.rejectsPath.map { path throws(ProducerError) in
            let file = try RejectFile(path: path, withRecord: options.keepsRecords)
            try file.start(after: 0)
            return file
        }
        var summary = DryRunSummary()
        summary.hasPolicy = estimator != nil
        var progress = ImportSummary()
        while true {
            let chunk = try await reader.next()
            if stop.isSet { throw ProducerError.interrupted("interrupted; a dry run changes nothing") }
            let rejects = (chunk.rejects + judge(chunk.records, &summary)).sorted { $0.line < $1.line }
            try file?.write(rejects)
            file?.keep()
            summary.records += chunk.records.count + chunk.rejects.count
            summary.rejected += rejects.count
            summary.reasons.add(rejects)
            summary.firstRejects += rejects.prefix(20 - min(20, summary.firstRejects.count))
            progress.lines = chunk.toLine
            progress.enqueued = summary.records - summary.rejected
            progress.rejected = summary.rejected
            show(.advanced(progress, consumed: chunk.consumed))
            if chunk.isLast { break }
        }
        summary.duplicates = reader.duplicates
        if summary.records == 0 { throw ProducerError.file("\(reader.name) has no records", hint: "check what wrote it") }
        return summary
    }

    private func judge(_ records: [Record], _ summary: inout DryRunSummary) -> [Reject] {
        guard let estimator else { return [] }
        var rejects: [Reject] = []
        for record in records {
            do throws(Problem) {
                try estimator.estimate(record.row, into: &summary)
            } catch {
                rejects.append(error.reject(line: record.line, record: record.text))
            }
        }
        return rejects
    }
}

/// What a dry run found.
public struct DryRunSummary: Sendable, Equatable {
    public var records = 0
    public var rejected = 0
    public var firstRejects: [Reject] = []
    /// Most frequent first.
    public var reasons: [RejectReason] = []
    public var duplicates = DuplicateReport()
    /// Records were rendered.
    public var hasPolicy = false
    /// Segments → messages, of SMS.
    public var segments: [Int: Int] = [:]
    /// `gsm-7`, `ucs-2` → messages.
    public var encodings: [String: Int] = [:]
    /// Currency → millionths.
    public var cost: [String: Int64] = [:]
    /// Messages without a price in the policy.
    public var unpriced = 0
    /// Warnings by code.
    public var warnings: [String: Int] = [:]
    public init() {}

    /// SMS that are billed more than once.
    public var split: Int { segments.filter { $0.key > 1 }.values.reduce(0, +) }
    public var totalSegments: Int { segments.map { $0.key * $0.value }.reduce(0, +) }
}
