import Store

/// What applying a configuration would change, for people to confirm. Changes nothing and counts little: `ApplyPolicy` with `dryRun` looks at
/// the routes of waiting messages too.
public struct PlanPolicy: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable {
        public var change: PolicyChange
        /// Messages that wait, of each class that is retired or moved.
        public var waiting: [String: Int]
    }

    public var content: ConfigDirectory.Content
    public init(content: ConfigDirectory.Content) { self.content = content }

    public func perform(in context: OperationContext) async throws -> Output {
        let stored = try await context.run(LoadPolicy())
        let change = PolicyChange(from: try stored?.texts() ?? [:], to: content.files, policy: content.policy)
        return Output(change: change, waiting: try await context.waiting(change))
    }
}

extension OperationContext {
    func waiting(_ change: PolicyChange) async throws -> [String: Int] {
        change.classesTouched.isEmpty ? [:] : try await run(CountWaiting(classes: change.classesTouched))
    }
}
