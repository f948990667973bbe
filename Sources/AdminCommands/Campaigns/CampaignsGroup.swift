import ArgumentParser
import Campaigns
import Domain
import Operations
import Rendering
import Settings
import Store

struct CampaignsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaigns",
        abstract: "Campaigns: check and apply their files, preview, start, pause, resume, stop, report.",
        discussion: """
            A campaign is a file DIR/campaigns/NAME.yaml (Config/README.md). A run is one execution of it, over a frozen copy of its audience.

            EXAMPLES
              martlet campaigns validate --config Config
              martlet campaigns apply --config Config
              martlet campaigns preview spring-sale
              martlet campaigns start spring-sale
              martlet campaigns pause 7 --why "wrong price"
              martlet campaigns resume 7 --why "price corrected" --late shift
              martlet campaigns report 7
            """,
        subcommands: [
            CampaignsValidate.self, CampaignsApply.self, CampaignsList.self, CampaignsShow.self, CampaignsPreview.self,
            CampaignsTest.self,
            CampaignsStart.self, CampaignsApprove.self, CampaignsPause.self, CampaignsResume.self, CampaignsStop.self,
            CampaignsReport.self,
        ], defaultSubcommand: CampaignsList.self)
}

extension SharedOptions {
    /// Does work on campaigns on the cluster that the settings name; what module Campaigns refuses becomes an error with its remedy.
    func withCampaigns<T: Sendable>(
        _ role: Role, _ body: @escaping @Sendable (Database) async throws -> T
    ) async throws -> T {
        let work: @Sendable (Database) async throws -> T = { database in
            do {
                return try await body(database)
            } catch let error as CampaignError {
                let kind: OperationError.Kind =
                    switch error {
                    case .unknownCampaign, .unknownRun: .notFound
                    case .startIsPast, .tooLate: .refused
                    }
                throw OperationError(kind, "\(error).", hint: error.remedy)
            }
        }
        return role == .reader ? try await run(ReadCampaigns(work)) : try await run(ManageCampaigns(work))
    }
}

/// Where campaigns lie.
struct CampaignDirectory {
    let root: String
    /// The campaigns that are there, checked against the policy and the templates beside them.
    func load() throws(ConfigErrors) -> [(campaign: Campaign, text: String)] {
        let content = try ConfigDirectory(root).load()
        let known = CampaignFiles.Known(policy: content.policy, templates: content.templates.map(\.template))
        do throws(ConfigErrors) {
            return try CampaignFiles.read(directory: root + "/campaigns", known: known)
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
