import ArgumentParser

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
