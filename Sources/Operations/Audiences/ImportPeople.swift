import Domain
import Producer
import Store
import Text

/// Makes a list of the people of a file, by the code of `martlet-producer --audience`: each line once, however often it is interrupted and run again. A list of the
/// same name is replaced when the new one is whole.
public struct ImportPeople: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(3600)

    public struct Output: Sendable, JSONConvertible {
        public var audience: String
        public var members: Int64
        public var rejected: Int64
        /// Rows that this run added.
        public var rows: Int64
        /// Why lines were rejected, the most frequent first.
        public var reasons: [String]
        /// nil: nothing was rejected.
        public var rejectsPath: String?
        public var json: JSONValue {
            [
                "audience": .string(audience), "members": .int(members), "rejected": .int(rejected), "rows": .int(rows),
                "reasons": .list(reasons) { .string($0) }, "rejects_file": .text(rejectsPath),
            ]
        }
    }

    public var name: String
    public var file: String
    /// `NAME=COLUMN` as they were typed.
    public var names: [String]
    /// For rows without their own.
    public var locale: String?
    public var timeZone: String?
    /// nil: made of the file's name, size and beginning.
    public var importID: String?
    /// nil: beside the file.
    public var rejectsPath: String?

    public init(name: String, file: String, names: [String] = []) {
        self.name = name
        self.file = file
        self.names = names
    }

    public func perform(in context: OperationContext) async throws -> Output {
        do {
            var options = ImportOptions(path: file)
            try options.setFormat(nil, delimiter: nil, names: names)
            options.defaults = ["locale": locale, "time_zone": timeZone].compactMapValues(\.self)
            (options.importID, options.rejectsPath) = (importID, rejectsPath)
            try options.setAudience(name)
            let summary = try await Importer(options, database: context.database, stop: StopFlag()).run()
            return Output(
                audience: name, members: Int64(summary.members), rejected: Int64(summary.rejected), rows: Int64(summary.enqueued),
                reasons: summary.reasons.prefix(20).map {
                    "\($0.count) × \($0.field.map { "\($0): " } ?? "")\($0.reason), first in line \($0.line)"
                }, rejectsPath: summary.rejectsPath)
        } catch let error as ProducerError {
            throw OperationError(error)
        }
    }
}

extension OperationError {
    fileprivate init(_ error: ProducerError) {
        let kind: Kind =
            switch error {
            case .input: .notFound
            case .usage, .file: .invalidConfiguration
            case .tooManyRejects: .refused
            case .unavailable: .unavailable
            case .refused: .notPermitted
            case .internalError: .internalFault
            case .interrupted, .anotherRun: .cancelled
            case .misfit: .schemaMismatch
            }
        self.init(kind, "\(error).")
    }
}
