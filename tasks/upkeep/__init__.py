"""What keeps a workspace in order: artifacts are read through, adopted, built again, reproduced, and cleared away."""
