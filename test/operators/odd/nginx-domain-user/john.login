CORP\john:of-the-operator-2
