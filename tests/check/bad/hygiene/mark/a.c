/* TODO: write this */
