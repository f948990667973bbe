import Store

/// Something that is read about campaigns, runs, audiences or codes: what module Campaigns or one statement of Store answers, under the check of the role.
public struct ReadCampaigns<Output: Sendable>: UseCase {
    public static var role: Role { .reader }
    public static var deadline: Duration? { .seconds(600) }
    let work: @Sendable (Database) async throws -> Output

    public init(_ work: @escaping @Sendable (Database) async throws -> Output) { self.work = work }

    public func perform(in context: OperationContext) async throws -> Output { try await work(context.database) }
}

/// Something that is done with campaigns, runs, audiences or codes; each function of the contract that it calls writes its audit.
public struct ManageCampaigns<Output: Sendable>: UseCase {
    public static var role: Role { .admin }
    public static var deadline: Duration? { .seconds(3600) }
    let work: @Sendable (Database) async throws -> Output

    public init(_ work: @escaping @Sendable (Database) async throws -> Output) { self.work = work }

    public func perform(in context: OperationContext) async throws -> Output { try await work(context.database) }
}
