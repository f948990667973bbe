// StatementTests
