import ArgumentParser

struct JourneysGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journeys",
        abstract: "Journeys: check and apply their files, see who is where, let people in and out, pause, resume, report.",
        discussion: """
            A journey is a file DIR/journeys/NAME.yaml (Config/README.md): an event lets a person in, steps follow over time. Workers take the steps.

            EXAMPLES
              martlet journeys validate --config Config
              martlet journeys apply --config Config --dry-run
              martlet journeys people cart-left --step day
              martlet journeys exit cart-left c-4711 --why "asked by phone"
              martlet journeys pause cart-left --why "wrong price"
              martlet journeys report cart-left
            """,
        subcommands: [
            JourneysValidate.self, JourneysApply.self, JourneysList.self, JourneysShow.self, JourneysPeople.self,
            JourneysEnter.self,
            JourneysExit.self, JourneysPause.self, JourneysResume.self, JourneysReport.self,
        ], defaultSubcommand: JourneysList.self)
}
