// FaultTests
