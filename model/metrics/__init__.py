"""What is measured on a benchmark's rows, one file each: numbers in per cent, without torch."""
