import Domain
import Store
import Text

/// The lists of people for campaigns, with how many people they have.
public struct ShowAudiences: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(600)
    public init() {}

    public func perform(in context: OperationContext) async throws -> [ListAudiences.Audience] {
        try await context.run(ListAudiences())
    }
}

/// One list, and the rows that it could not take.
public struct ShowAudience: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(600)

    public struct Output: Sendable, JSONConvertible {
        public var audience: ListAudiences.Audience
        public var rejects: [AudienceRejects.Reject]
        public var json: JSONValue { ["audience": audience.json, "rejects": .list(rejects, \.json)] }
    }

    public var name: String
    /// So many rejected rows.
    public var limit: Int
    public init(name: String, limit: Int) {
        self.name = name
        self.limit = limit
    }

    public func perform(in context: OperationContext) async throws -> Output {
        guard let audience = try await context.run(ListAudiences(name: name)).first else {
            throw OperationError(
                .notFound, "There is no audience \(name).", hint: "martlet audiences list shows those that there are.")
        }
        return Output(audience: audience, rejects: try await context.run(AudienceRejects(name: name, limit: Int64(limit))))
    }
}

/// Makes a list from a query, which is read with the rights of the actor; a list of the same name is replaced. PostgreSQL writes the audit.
public struct MakeAudience: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(3600)

    public struct Output: Sendable, JSONConvertible {
        public var audience: String
        public var members: Int64
        public var rejected: Int64
        /// The first rows that could not be used.
        public var rejects: [AudienceRejects.Reject]
        public var json: JSONValue {
            [
                "audience": .string(audience), "members": .int(members), "rejected": .int(rejected),
                "rejects": .list(rejects, \.json),
            ]
        }
    }

    public var name: String
    /// A SELECT.
    public var query: String
    public init(name: String, query: String) {
        self.name = name
        self.query = query
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let answer = try await context.run(CreateAudience(name: name, query: query))
        let rejects = answer.rejected > 0 ? try await context.run(AudienceRejects(name: name, limit: 20)) : []
        return Output(audience: name, members: Int64(answer.members), rejected: Int64(answer.rejected), rejects: rejects)
    }
}

/// Removes a list; runs that have been started keep their people. PostgreSQL writes the audit.
public struct DiscardAudience: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(600)

    public struct Output: Sendable, JSONConvertible {
        public var audience: String
        public var members: Int64
        public var json: JSONValue { ["audience": .string(audience), "members": .int(members)] }
    }

    public var name: String
    public var why: String
    public init(name: String, why: String) {
        self.name = name
        self.why = why
    }

    public func perform(in context: OperationContext) async throws -> Output {
        Output(audience: name, members: Int64(try await context.run(RemoveAudience(name: name, why: why))))
    }
}

/// Puts codes into a pool; codes that the pool has already are passed over and counted. PostgreSQL writes the audit.
public struct FillCodePool: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(3600)

    public struct Output: Sendable, JSONConvertible {
        public var pool: String
        public var loaded: Int64
        public var doubles: Int64
        public var json: JSONValue { ["pool": .string(pool), "loaded": .int(loaded), "doubles": .int(doubles)] }
    }

    public var pool: String
    public var codes: [String]
    /// When they expire, as PostgreSQL reads it; nil: never.
    public var validUntil: String?
    public init(pool: String, codes: [String], validUntil: String?) {
        self.pool = pool
        self.codes = codes
        self.validUntil = validUntil
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let (loaded, doubles) = try await context.run(LoadCodes(pool: pool, codes: codes, validUntil: validUntil))
        return Output(pool: pool, loaded: Int64(loaded), doubles: Int64(doubles))
    }
}

/// The pools with what became of their codes.
public struct ShowCodePools: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(600)
    /// nil: all.
    public var pool: String?
    public init(pool: String?) { self.pool = pool }

    public func perform(in context: OperationContext) async throws -> [ListCodePools.Pool] {
        try await context.run(ListCodePools(pool: pool))
    }
}

extension ListCodePools.Pool: JSONConvertible {
    public var json: JSONValue {
        [
            "pool": .string(name), "codes": .int(codes), "free": .int(free), "reserved": .int(reserved), "held": .int(held),
            "spent": .int(spent), "expired": .int(expired),
        ]
    }
}

extension ListAudiences.Audience: JSONConvertible {
    public var json: JSONValue {
        [
            "audience": .string(name), "members": .int(members), "rejected": .int(rejected), "owner": .string(owner),
            "created_at": .time(createdAt), "changed_at": .time(changedAt), "query": .text(query),
        ]
    }
}

extension AudienceRejects.Reject: JSONConvertible {
    public var json: JSONValue {
        ["line": line.map { .int($0) } ?? .null, "field": .string(field), "problem": .string(problem)]
    }
}
