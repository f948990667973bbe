import Logging

/// Writes one line per event. Secrets are taken out and addresses masked whatever the caller passes; message bodies do not belong into
/// logs at all, and metadata named `body` or `variables` is hidden.
public struct LineLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let format: LogFormat
    private let output: LogOutput

    public init(label: String, level: Logger.Level = .info, format: LogFormat = .json, output: LogOutput = .standardError) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.output = output
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        let line = LogLine(
            level: event.level, label: label, message: "\(event.message)", error: event.error.map { "\($0)" }, metadata: all)
        output.write(line.text(format)) { dropped in
            LogLine(
                level: .warning, label: "telemetry", message: "log lines dropped: the reader of the log did not read them",
                metadata: ["dropped": .stringConvertible(dropped)]
            ).text(format)
        }
    }
}

/// Makes all loggers of this process write lines to standard error. Call it once, first thing in `main`.
/// - Parameter level: a swift-log level (`info`); unknown words mean `info`.
public func bootstrapLogging(level: String, format: String) {
    let level = Logger.Level(rawValue: level) ?? .info
    let format = LogFormat(rawValue: format) ?? .json
    LoggingSystem.bootstrap(
        { label, provider in
            var handler = LineLogHandler(label: label, level: level, format: format)
            handler.metadataProvider = provider
            return handler
        }, metadataProvider: nil)
}
