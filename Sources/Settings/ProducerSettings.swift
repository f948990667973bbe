/// The settings of one bulk import.
public struct ProducerSettings: Sendable, Equatable {
    public var database: DatabaseSettings
    public var log: LogSettings
    /// Rows copied in and committed together.
    public var batch: Int
    public var connections: Int
    /// After so many rejected rows the import stops; 0: it never does.
    public var maxRejects: Int
    public var origins: [String: String] = [:]
    public var warnings: [String] = []

    /// - Throws: `ConfigErrors` with all mistakes, each naming the flag, environment variable or line of the file.
    public init(from sources: SettingSources) throws(ConfigErrors) {
        let reader = SettingReader(sources)
        self.init(reader)
        try reader.finish()
        origins = reader.origins
        warnings = reader.warnings
    }

    private init(_ reader: SettingReader) {
        batch = reader.integer("producer.batch", default: 1000, in: 1...10_000, unit: "rows")
        connections = reader.integer("producer.connections", default: 2, in: 1...16, unit: "connections")
        maxRejects = reader.integer("producer.max_rejects", default: 0, in: 0...1_000_000_000, unit: "rows, 0 for no limit")
        database = DatabaseSettings(reader)
        log = LogSettings(reader)
    }

    /// Every key, as `Config/producer.yaml` explains it.
    public static var descriptions: [SettingDescription] {
        let reader = SettingReader(SettingSources(environment: [:]))
        _ = ProducerSettings(reader)
        return reader.descriptions
    }
}

/// The settings of the `martlet` command: the database, and how it logs.
public struct AdminSettings: Sendable, Equatable {
    public var database: DatabaseSettings
    public var log: LogSettings
    public var warnings: [String] = []

    /// - Throws: `ConfigErrors` with all mistakes, each naming the flag, environment variable or line of the file.
    public init(from sources: SettingSources) throws(ConfigErrors) {
        let reader = SettingReader(sources)
        self.init(reader)
        try reader.finish()
        warnings = reader.warnings
    }

    private init(_ reader: SettingReader) {
        database = DatabaseSettings(reader)
        log = LogSettings(reader)
    }

    /// Every key, as `Config/martlet.yaml` explains it.
    public static var descriptions: [SettingDescription] {
        let reader = SettingReader(SettingSources(environment: [:]))
        _ = AdminSettings(reader)
        return reader.descriptions
    }
}
