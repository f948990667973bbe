import Domain
import Store

/// What a use case asks of the actor.
public enum Role: String, Sendable, CaseIterable {
    /// Any role that can log in.
    case anybody = "a login"
    case reader = "martlet_reader"
    case admin = "martlet_admin"
    /// Creates roles and schemas. PostgreSQL decides: the first migration runs before there are roles.
    case migrator = "a superuser, or the owner of this database with CREATEROLE"
}

/// Who acts: a login role of the database, with what it may do. The audit names it (`session_user`).
public struct Actor: Sendable, Equatable {
    public let name: String
    public let isReader: Bool
    public let isAdmin: Bool
    public let isSuperuser: Bool
    /// Sees what the sessions of other roles do.
    public let seesActivity: Bool

    /// The login role of this cluster's connections.
    public static func login(on cluster: Cluster) async throws(OperationError) -> Actor {
        do {
            return Actor(try await cluster.database.run(CurrentRights()))
        } catch {
            throw OperationError(error, role: .anybody)
        }
    }

    init(_ rights: CurrentRights.Answer) {
        name = rights.user
        isReader = rights.isReader
        isAdmin = rights.isAdmin
        isSuperuser = rights.isSuperuser
        seesActivity = rights.seesActivity || rights.isSuperuser
    }

    /// - Throws: `notPermitted`, which names the role.
    func check(_ role: Role) throws(OperationError) {
        let may =
            switch role {
            case .anybody, .migrator: true
            case .reader: isReader || isAdmin
            case .admin: isAdmin
            }
        if !may { throw .notPermitted("\(name) does not have the role \(role.rawValue).", role) }
    }
}
