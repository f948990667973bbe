// AdminCommandsTests
