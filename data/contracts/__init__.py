"""What must hold of an artifact before it is published, a file each; a breach is a ContractError that names rows."""
