import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';

@Injectable()
export class CategoryRepository extends RepositoryFor('category') {}
