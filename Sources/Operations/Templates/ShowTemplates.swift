import Domain
import Store
import Text

/// The stored templates with their newest version.
public struct ShowTemplates: UseCase {
    public static let role = Role.admin
    /// nil: all.
    public var key: String?
    /// nil: all.
    public var channel: String?
    public init(key: String?, channel: String?) {
        self.key = key
        self.channel = channel
    }

    public func perform(in context: OperationContext) async throws -> [ListTemplates.Row] {
        try await context.run(ListTemplates(key: key, channel: channel))
    }
}

extension ListTemplates.Row: JSONConvertible {
    public var json: JSONValue {
        [
            "key": .string(key), "channel": .string(channel), "locale": .string(locale), "version": .int(version),
            "required": .list(required) { .string($0) }, "pushed_at": .time(pushedAt), "pushed_by": .string(pushedBy),
            "retired_at": .time(retiredAt),
        ]
    }
}
