import Domain
import Rendering

/// The policy and templates that a preview goes by.
public struct PolicySource: Sendable {
    public var policy: Policy
    public var templates: [ParsedTemplate]

    public init(_ content: ConfigDirectory.Content) {
        policy = content.policy
        templates = content.templates
    }

    /// Those in force.
    init(_ context: OperationContext, key: String?, channel: String?) async throws {
        policy = try await context.currentPolicy().policy
        guard let key else {
            templates = []
            return
        }
        templates = try await context.storedTemplates(key: key, channel: channel)
    }
}
