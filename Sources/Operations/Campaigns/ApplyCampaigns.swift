import Domain
import Rendering
import Settings
import Store
import Text

/// Where the files of campaigns lie, with the policy and the templates that they refer to.
public struct CampaignDirectory: Sendable {
    /// One campaign with the text of its file.
    public struct File: Sendable {
        public var campaign: Campaign
        public var text: String
    }
    let root: String
    public init(root: String) { self.root = root }

    /// The campaigns that are there, checked against the policy and the templates beside them.
    public func load() throws(ConfigErrors) -> [File] {
        let content = try ConfigDirectory(root).load()
        let known = CampaignFiles.Known(policy: content.policy, templates: content.templates.map(\.template))
        do throws(ConfigErrors) {
            return try CampaignFiles.read(directory: root + "/campaigns", known: known).map { File(campaign: $0, text: $1) }
        } catch {
            throw ConfigErrors(
                error.problems.map { problem in
                    var problem = problem
                    problem.file = root + "/campaigns/" + problem.file
                    return problem
                })
        }
    }
}

/// Stores each campaign whose file has changed as its newest version, with an audit of each. Runs that have been started keep the version
/// they were started with.
public struct ApplyCampaigns: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(600)

    public struct Changed: Sendable {
        public var campaign: String
        public var version: Int32
    }
    public struct Output: Sendable, JSONConvertible {
        public var isDryRun: Bool
        public var changed: [Changed]
        public var json: JSONValue {
            [
                "dry_run": .bool(isDryRun),
                "changed": .list(changed) { ["campaign": .string($0.campaign), "version": .int($0.version)] },
            ]
        }
    }

    public var files: [CampaignDirectory.File]
    public var dryRun: Bool
    public init(files: [CampaignDirectory.File], dryRun: Bool) {
        self.files = files
        self.dryRun = dryRun
    }

    public func perform(in context: OperationContext) async throws -> Output {
        try await context.database.withConnection { connection in
            try await connection.begin()
            do {
                var changed: [Changed] = []
                for file in files {
                    let answer = try await connection.run(ApplyCampaign(name: file.campaign.name, definition: file.text))
                    guard answer.isNew else { continue }
                    changed.append(Changed(campaign: file.campaign.name, version: answer.version))
                    _ = try await connection.run(
                        InsertAudit(
                            action: "apply_campaign", object: "\(file.campaign.name) v\(answer.version)", why: nil, detail: nil))
                }
                if dryRun { await connection.rollbackAfterError() } else { try await connection.commit() }
                return Output(isDryRun: dryRun, changed: changed)
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }
}
