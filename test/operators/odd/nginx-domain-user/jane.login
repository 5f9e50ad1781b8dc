CORP\jane:of-the-operator-1
