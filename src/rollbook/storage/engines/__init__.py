"""The engines that keep the contract. Only the composition root and the tests know which one is at work."""
