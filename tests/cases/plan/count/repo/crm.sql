UPDATE accounts SET territory = NULL;
